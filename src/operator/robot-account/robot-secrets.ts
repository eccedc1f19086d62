import type { KubeClient, ObjectRef } from "#/kube/kube-client.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import { ledgerName } from "./ledger.ts";
import type { RobotIdentity } from "./secret-entries.ts";

/** The Secrets of one robot in its own namespace. */
export interface RobotSecrets {
	readonly ledger: KubeObject | undefined;
	/** What stands under the name of the Secret that the robot's owner reads, whosever it is. */
	readonly credential: KubeObject | undefined;
	/** Ours, under other names. */
	readonly strays: readonly KubeObject[];
}

/** The name of the index of Secrets by the uid of the resource that they were made for. */
export const BY_OWNER = "owner";

/** The values of that index. */
export const ownersOf = ({ metadata }: KubeObject): readonly string[] => {
	const uid = metadata.labels?.[OWNER_LABEL];
	return uid === undefined ? [] : [uid];
};

/** The Secrets as a cache has them, which may be behind and shows those of ours alone. */
export const cachedSecrets = (store: ObjectStore, robot: RobotIdentity, name: string): RobotSecrets => ({
	ledger: ours(store.get(keyOf({ namespace: robot.namespace, name: ledgerName(robot.uid) })), robot),
	credential: store.get(keyOf({ namespace: robot.namespace, name })),
	strays: straysOf(store, robot, name),
});

/** The Secrets as they are. */
export const freshSecrets = async (
	{ client, store }: { readonly client: Pick<KubeClient, "find">; readonly store: ObjectStore },
	robot: RobotIdentity,
	name: string,
	signal: AbortSignal,
): Promise<RobotSecrets> => {
	const find = (ref: ObjectRef) => client.find(SECRETS, ref, signal);
	const { namespace } = robot;
	const [ledger, credential, ...others] = await Promise.all([
		find({ namespace, name: ledgerName(robot.uid) }),
		find({ namespace, name }),
		...straysOf(store, robot, name).map(({ metadata }) => find({ namespace, name: metadata.name })),
	]);
	const strays = others.filter((one) => one !== undefined && ours(one, robot) !== undefined);
	return { ledger: ours(ledger, robot), credential, strays: strays.filter((one) => one !== undefined) };
};

/** The Secrets as they were seen, but for the one that the robot's owner reads, which is read anew. */
export const withFreshCredential = async (
	client: Pick<KubeClient, "find">,
	{ robot, name, seen }: { readonly robot: RobotIdentity; readonly name: string; readonly seen: RobotSecrets },
	signal: AbortSignal,
): Promise<RobotSecrets> => ({
	...seen,
	credential: await client.find(SECRETS, { namespace: robot.namespace, name }, signal),
});

const ours = (object: KubeObject | undefined, { uid }: RobotIdentity): KubeObject | undefined =>
	ownershipOf(object, { label: OWNER_LABEL, uid }) === "ours" ? object : undefined;

const straysOf = (store: ObjectStore, robot: RobotIdentity, name: string): readonly KubeObject[] =>
	store
		.by(BY_OWNER, robot.uid)
		.filter(({ metadata }) => metadata.namespace === robot.namespace)
		.filter(({ metadata }) => metadata.name !== name && metadata.name !== ledgerName(robot.uid))
		.filter((one) => ours(one, robot) !== undefined);
