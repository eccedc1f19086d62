import type { RobotAccount } from "#/api/kinds/robot-account.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { ACCEPT_LABEL, acceptsCopies } from "#/operator/tenancy/accepts-copies.ts";
import { namespaceFacts } from "#/operator/tenancy/find-binding.ts";
import { attachAccounts } from "./attach-accounts.ts";
import type { LookedRobot, RobotDeps } from "./robot-deps.ts";
import type { CredentialOrder } from "./settle-credential.ts";
import { type Obstacle, removeCopies, writeCopies } from "./spread-copies.ts";

/** The name of the index of namespaces by the one that they accept copies from. */
export const BY_ACCEPTED = "accepted";

/** The values of that index. */
export const acceptedBy = ({ metadata }: KubeObject): readonly string[] => {
	const source = metadata.labels?.[ACCEPT_LABEL];
	return source === undefined ? [] : [source];
};

/** What the credential's sharing came to. */
export interface Shared {
	readonly copies: number;
	readonly obstacles: readonly Obstacle[];
}

/** The namespaces that get a copy of the robot's Secret. */
export const copyNamespaces = (namespaces: ObjectStore, { metadata, spec }: RobotAccount): readonly string[] => {
	const { copyTo } = spec.secret;
	if (copyTo === undefined) return [];
	return namespaces
		.by(BY_ACCEPTED, metadata.namespace)
		.filter((object) => object.metadata.deletionTimestamp === undefined)
		.map((object) => namespaceFacts(object, object.metadata.name))
		.filter((facts) => acceptsCopies(facts, metadata.namespace, copyTo.namespaceSelector))
		.map(({ name }) => name)
		.toSorted();
};

/**
 * Copies the Secret to the namespaces that accept it, attaches it to service accounts, and takes back what is no longer
 * asked for or accepted.
 *
 * @param share `secret` is what the Secret holds; absent: there is nothing to share yet
 */
export const shareCredential = async (
	deps: RobotDeps,
	{ looked, order, secret }: { looked: LookedRobot; order: CredentialOrder; secret: string | undefined },
	signal: AbortSignal,
): Promise<Shared> => {
	const { robot } = looked;
	const { name } = order;
	const namespaces = copyNamespaces(deps.namespaces, robot);
	await removeCopies(deps, order.robot, { name, namespaces }, signal);
	const copied =
		secret === undefined
			? { made: [], obstacles: [] }
			: await writeCopies(deps, { content: { ...order, secret }, name, namespaces }, signal);
	const attached = await attachAccounts(
		deps,
		{
			robot: order.robot,
			name,
			namespaces: secret === undefined ? [] : [robot.metadata.namespace, ...copied.made],
			serviceAccounts: robot.spec.secret.attachTo.serviceAccounts,
		},
		signal,
	);
	return { copies: copied.made.length, obstacles: [...copied.obstacles, ...attached] };
};
