import type { KubeObject } from "#/kube/kube-object.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import { cachedSecrets, freshSecrets, type RobotSecrets } from "./robot-secrets.ts";
import type { CredentialDeps, CredentialOrder, SettledCredential } from "./settle-credential.ts";

/**
 * Leaves a robot without a credential of its own: the data plane is told first, then its Secrets go. What stands under
 * the name and is somebody else's stays.
 *
 * @param order `want` is asked for a robot without any credential
 * @throws KubeError when the API server does not do it, or something changed meanwhile
 */
export const dropCredential = async (
	deps: CredentialDeps,
	order: CredentialOrder,
	signal: AbortSignal,
): Promise<SettledCredential> => {
	const { robot, name } = order;
	const standing = order.want(undefined);
	const isKnown = deps.ledgerVersions.get(robot.uid) !== undefined;
	if (isKnown || ownOf(cachedSecrets(deps.secrets, robot, name), robot.uid).length > 0) {
		const seen = await freshSecrets({ client: deps.client, store: deps.secrets }, robot, name, signal);
		for (const { metadata } of ownOf(seen, robot.uid)) {
			const { namespace, name: each, uid } = metadata;
			await deps.client.delete(SECRETS, { namespace, name: each }, { uid }, signal);
		}
		deps.ledgerVersions.delete(robot.uid);
	}
	return { at: "done", ledger: undefined, standing, secret: undefined };
};

const ownOf = ({ ledger, credential, strays }: RobotSecrets, uid: string): readonly KubeObject[] =>
	[ledger, credential, ...strays].filter(
		(one): one is KubeObject => one !== undefined && ownershipOf(one, { label: OWNER_LABEL, uid }) === "ours",
	);
