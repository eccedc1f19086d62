import { parseRegistry, type Registry } from "#/api/kinds/registry.ts";
import { parseRobotAccount, type RobotAccount, robotFullName } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { OWNER_LABEL } from "#/operator/owner-label.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { entriesOf } from "#/operator/robot-account/secret-entries.ts";
import { registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import { findAuthorities } from "./find-authorities.ts";
import { forbidden, missing, type RemoteAnswer, type RemoteDeps, type RemoteQuestion } from "./remote-deps.ts";

/** Names of a Registry and of a robot in it. */
export interface RemoteRegistryRefs {
	readonly registryRef: { readonly name: string; readonly namespace?: string };
	readonly robotAccountRef: { readonly name: string };
}

/**
 * The other side that a policy names as another Registry of the cluster. That one consents by its robot, which is of the
 * policy's namespace: a robot that it does not allow any more is not Ready. The credential is the one that the robot has
 * now, so that rotations are followed.
 *
 * @throws KubeError
 */
export const findByRegistry = async (
	deps: RemoteDeps,
	question: RemoteQuestion & RemoteRegistryRefs,
	signal: AbortSignal,
): Promise<RemoteAnswer> => {
	const { namespace, field, robotAccountRef, registryRef } = question;
	const at = `spec.${field}.robotAccountRef`;
	const robot = resourceOf(deps.robotAccounts.get(keyOf({ namespace, name: robotAccountRef.name })), parseRobotAccount);
	if (robot === undefined) {
		return missing(`${at}: RobotAccount ${robotAccountRef.name} does not exist in namespace ${namespace}`);
	}
	const key = registryKeyOf({ metadata: { namespace }, spec: { registryRef } });
	if (registryKeyOf(robot) !== key) {
		return forbidden(`${at}: RobotAccount ${robotAccountRef.name} is not of Registry ${key}`);
	}
	const ready = robot.status.conditions.find(({ type }) => type === "Ready");
	if (ready?.status !== "True") {
		const why = ready === undefined ? "" : `: ${ready.message}`;
		return missing(`${at}: RobotAccount ${robotAccountRef.name} is not Ready${why}`);
	}
	const registry = resourceOf(deps.registries.get(key), parseRegistry);
	const url = registry?.status.url;
	if (registry === undefined || url === undefined) return missing(`Registry ${key} has no address yet`);
	const held = heldBy(deps, robot);
	if (held === undefined)
		return missing(`${at}: the credential of RobotAccount ${robotAccountRef.name} is not there yet`);
	const authorities = await findAuthorities(deps, question, signal);
	if ("refusals" in authorities) return authorities;
	const ca = authorities.ca ?? (await authoritiesOf(deps, registry, signal));
	return { found: { url, ...held, ...(ca === undefined ? {} : { ca }) } };
};

const heldBy = ({ secrets }: RemoteDeps, { metadata, status }: RobotAccount) => {
	const { uid, namespace } = metadata;
	const secret =
		status.secretRef === undefined ? undefined : secrets.get(keyOf({ namespace, name: status.secretRef.name }));
	const password = readCredential(secret);
	if (secret === undefined || password === undefined) return undefined;
	if (ownershipOf(secret, { label: OWNER_LABEL, uid }) !== "ours") return undefined;
	const { uid: secretUid = "", resourceVersion = "" } = secret.metadata;
	return {
		login: { username: robotFullName(metadata), password },
		version: { uid: secretUid, resourceVersion },
	};
};

/** What signed the certificate that a Registry shows, as its issuer left it beside it; it is no secret. */
const authoritiesOf = async (
	{ client }: RemoteDeps,
	{ metadata, spec }: Registry,
	signal: AbortSignal,
): Promise<string | undefined> => {
	const name = spec.exposure.tls?.secretName;
	if (name === undefined) return undefined;
	const ca = entriesOf(await client.find(SECRETS, { namespace: metadata.namespace, name }, signal))["ca.crt"];
	return ca === undefined || ca.trim() === "" ? undefined : ca;
};

const resourceOf = <R>(
	object: KubeObject | undefined,
	parse: (object: KubeObject) => { readonly resource: R } | { readonly invalid: string },
): R | undefined => {
	const parsed = object === undefined ? undefined : parse(object);
	return parsed !== undefined && "resource" in parsed ? parsed.resource : undefined;
};
