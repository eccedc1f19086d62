import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import type { RobotIdentity } from "./secret-entries.ts";
import type { Obstacle } from "./spread-copies.ts";
import { FIELD_MANAGER } from "./take-step.ts";

/** What service accounts are attached with. */
export interface AttachDeps {
	readonly client: Pick<KubeClient, "apply" | "find">;
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

/** The name of the index of service accounts by the uids of the robots that are attached to them. */
export const BY_ROBOT = "robot";

/** Before the robot's uid, an annotation with the name of its Secret: so an attachment is found again. */
const ATTACHED = "attached.limani.dev/";

/** The values of that index. */
export const robotsOf = ({ metadata }: KubeObject): readonly string[] =>
	Object.keys(metadata.annotations ?? {}).flatMap((key) =>
		key.startsWith(ATTACHED) ? [key.slice(ATTACHED.length)] : [],
	);

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
		if (!wanted.has(keyOf(account.metadata))) await applyTo(deps.client, order.robot, account, undefined, signal);
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
			const isAttached = account !== undefined && robotsOf(account).includes(robot.uid);
			if (isAttached) await applyTo(client, robot, account, undefined, signal);
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
	if (isAttached(account, robot, name)) return undefined;
	return await applyTo(client, robot, account, name, signal);
};

const isAttached = ({ metadata, imagePullSecrets }: KubeObject, { uid }: RobotIdentity, name: string): boolean =>
	metadata.annotations?.[`${ATTACHED}${uid}`] === name &&
	Array.isArray(imagePullSecrets) &&
	imagePullSecrets.some(
		(one: unknown) => typeof one === "object" && one !== null && "name" in one && one.name === name,
	);

/**
 * Says which Secret of the robot's the account is to have; absent: none. Every robot is a field manager of its own, so
 * that one that goes takes nothing of another's with it. The uid keeps it from making an account that has gone.
 */
const applyTo = async (
	client: Pick<KubeClient, "apply">,
	robot: RobotIdentity,
	{ apiVersion, kind, metadata: { namespace = "", name, uid = "" } }: KubeObject,
	secret: string | undefined,
	signal: AbortSignal,
): Promise<Obstacle | undefined> => {
	const account: KubeObject =
		secret === undefined
			? { apiVersion, kind, metadata: { namespace, name, uid } }
			: {
					apiVersion,
					kind,
					metadata: { namespace, name, uid, annotations: { [`${ATTACHED}${robot.uid}`]: secret } },
					imagePullSecrets: [{ name: secret }],
				};
	try {
		const fieldManager = `${FIELD_MANAGER}-${robot.uid}`;
		await client.apply(SERVICE_ACCOUNTS, account, { fieldManager, force: true }, signal);
		return undefined;
	} catch (error) {
		if (!(error instanceof KubeError)) throw error;
		if (error.code === "FORBIDDEN") {
			return { reason: "NotAllowed", message: `the operator may not change ServiceAccount ${namespace}/${name}` };
		}
		// It has gone, or another one has taken its place, of which the cache is about to hear.
		const hasGone = error.code === "NOT_FOUND" || error.code === "CONFLICT";
		if (!hasGone) throw error;
		return secret === undefined
			? undefined
			: { reason: "DependencyNotReady", message: `ServiceAccount ${namespace}/${name} is being replaced` };
	}
};
