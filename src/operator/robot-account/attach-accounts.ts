import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { BY_ROBOT, planAccount } from "./plan-account.ts";
import type { RobotIdentity } from "./secret-entries.ts";
import type { Obstacle } from "./spread-copies.ts";
import { FIELD_MANAGER } from "./take-step.ts";

/** What service accounts are attached with. */
export interface AttachDeps {
	readonly client: Pick<KubeClient, "patch" | "find">;
	readonly serviceAccounts: ObjectStore;
}

/** Which service accounts are to pull with a robot's Secret. */
export interface AttachOrder {
	readonly robot: RobotIdentity;
	/** Of the Secret. */
	readonly name: string;
	/** Those that have the Secret or a copy of it. */
	readonly namespaces: readonly string[];
	/** Names, in each of the namespaces. */
	readonly serviceAccounts: readonly string[];
}

const MOST_TRIES = 5;

/** Adds the Secret to the accounts that should have it, and takes it from those that should not. */
export const attachAccounts = async (
	deps: AttachDeps,
	order: AttachOrder,
	signal: AbortSignal,
): Promise<readonly Obstacle[]> => {
	const wanted = new Set(
		order.namespaces.flatMap((namespace) => order.serviceAccounts.map((name) => keyOf({ namespace, name }))),
	);
	const obstacles: Obstacle[] = [];
	for (const key of wanted) {
		const obstacle = await attach(deps, order, key, signal);
		if (obstacle !== undefined) obstacles.push(obstacle);
	}
	for (const account of deps.serviceAccounts.by(BY_ROBOT, order.robot.uid)) {
		if (wanted.has(keyOf(account.metadata))) continue;
		await patchAccount(deps.client, order.robot, { account, secret: undefined }, signal);
	}
	return obstacles;
};

/** Takes the Secret from these accounts as the API server has them, also where no cache knows of it yet. */
export const detachAccounts = async (
	{ client }: AttachDeps,
	{ robot, namespaces, serviceAccounts }: AttachOrder,
	signal: AbortSignal,
): Promise<void> => {
	for (const namespace of namespaces) {
		for (const name of serviceAccounts) {
			const account = await client.find(SERVICE_ACCOUNTS, { namespace, name }, signal);
			if (account !== undefined) await patchAccount(client, robot, { account, secret: undefined }, signal);
		}
	}
};

const attach = async (
	{ client, serviceAccounts }: AttachDeps,
	{ robot, name }: AttachOrder,
	key: ObjectKey,
	signal: AbortSignal,
): Promise<Obstacle | undefined> => {
	const account = serviceAccounts.get(key);
	if (account === undefined) {
		return { reason: "DependencyNotReady", message: `ServiceAccount ${key} does not exist` };
	}
	return await patchAccount(client, robot, { account, secret: name }, signal);
};

/** Makes an account have that Secret of the robot's; absent: none. */
const patchAccount = async (
	client: AttachDeps["client"],
	robot: RobotIdentity,
	{ account, secret }: { readonly account: KubeObject; readonly secret: string | undefined },
	signal: AbortSignal,
): Promise<Obstacle | undefined> => {
	const { namespace = "", name, uid } = account.metadata;
	for (let current: KubeObject | undefined = account, tries = 1; ; tries++) {
		if (current === undefined || current.metadata.uid !== uid) {
			if (secret === undefined) return undefined;
			return { reason: "DependencyNotReady", message: `ServiceAccount ${namespace}/${name} is being replaced` };
		}
		const body = planAccount(current, robot, secret);
		if (body.length === 0) return undefined;
		try {
			const patch = { kind: "json", body } as const;
			await client.patch(SERVICE_ACCOUNTS, { namespace, name }, patch, { fieldManager: FIELD_MANAGER }, signal);
			return undefined;
		} catch (error) {
			if (!(error instanceof KubeError)) throw error;
			if (error.code === "FORBIDDEN") {
				return { reason: "NotAllowed", message: `the operator may not change ServiceAccount ${namespace}/${name}` };
			}
			const wasChanged = error.code === "INVALID" || error.code === "CONFLICT" || error.code === "NOT_FOUND";
			if (!wasChanged || tries >= MOST_TRIES) throw error;
			current = await client.find(SERVICE_ACCOUNTS, { namespace, name }, signal);
		}
	}
};
