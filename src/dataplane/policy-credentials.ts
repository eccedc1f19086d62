/** Credentials of replication policies: they lie in metadata sealed, and open only for whoever carries the policy out. */
import { type RemoteSpec, replicationPolicySpec } from "#/api/replication-policy-spec.ts";
import { MasterKeyError } from "#/auth/master-key-error.ts";
import type { DesiredResource } from "#/metadata/control-state.ts";
import type { Policies } from "#/metadata/policies.ts";
import type { Sealer } from "./sealed-journal.ts";

/** Who a policy is on the other side. */
export type RemoteCredentials = NonNullable<RemoteSpec["credentials"]>;

/** What {@link sealCredentials} works with. */
export interface SealCredentialsDeps {
	readonly sealer: Sealer;
	/** What is sealed already. */
	readonly policies: Pick<Policies, "find">;
}

/**
 * The resource as it may be kept: a replication policy without its credentials but with the sealed ones. Those that it
 * has had before stay sealed as they were, so that nothing seems changed. Other resources come back as they are.
 *
 * @param deps absent: what has credentials is rejected
 * @throws MetadataError UNAVAILABLE
 */
export const sealCredentials = async (
	resource: DesiredResource,
	deps: SealCredentialsDeps | undefined,
): Promise<DesiredResource> => {
	const remote = remoteOf(resource);
	if (remote?.sealedCredentials !== undefined) {
		return reject(resource, "remote.sealedCredentials: got ***, expected remote.credentials");
	}
	if (remote?.credentials === undefined) return resource;
	if (deps === undefined) return reject(resource, "remote.credentials: got ***, nothing here can keep them secret");
	const { sealer, policies } = deps;
	const { credentials, ...rest } = remote;
	const present = await policies.find(resource.uid);
	const sealedCredentials = sameSealed(present?.spec, { uid: resource.uid, credentials, sealer });
	const sealed = sealedCredentials ?? seal({ uid: resource.uid, credentials, sealer });
	return { ...resource, spec: { ...resource.spec, remote: { ...rest, sealedCredentials: sealed } } };
};

/**
 * The credentials of a replication policy; absent when it has none.
 *
 * @throws MasterKeyError when another master key sealed them, or they are not those of this policy
 */
export const openCredentials = (
	{ uid, spec }: Pick<DesiredResource, "uid" | "spec">,
	sealer: Pick<Sealer, "open">,
): RemoteCredentials | undefined => {
	const sealed = parseRemote(spec)?.sealedCredentials;
	if (sealed === undefined) return undefined;
	const plain = sealer.open(Buffer.from(sealed, "base64"), purposeOf(uid));
	return shape.parse(JSON.parse(Buffer.from(plain).toString("utf8")));
};

const reject = (resource: DesiredResource, message: string): DesiredResource => ({
	...resource,
	spec: {},
	rejected: { reason: "Invalid", message },
});

const shape = replicationPolicySpec.shape.remote.shape.credentials.unwrap();

const remoteOf = ({ kind, spec, rejected }: DesiredResource): RemoteSpec | undefined =>
	kind === "ReplicationPolicy" && rejected === undefined ? parseRemote(spec) : undefined;

const parseRemote = ({ remote }: DesiredResource["spec"]): RemoteSpec | undefined => {
	const parsed = replicationPolicySpec.shape.remote.safeParse(remote);
	return parsed.success ? parsed.data : undefined;
};

interface Sealing {
	readonly uid: string;
	readonly credentials: RemoteCredentials;
	readonly sealer: Sealer;
}

const seal = ({ uid, credentials: { username, password }, sealer }: Sealing): string =>
	Buffer.from(sealer.seal(Buffer.from(JSON.stringify({ username, password })), purposeOf(uid))).toString("base64");

/** What seals the same credentials in a spec; absent when nothing there does. */
const sameSealed = (
	spec: DesiredResource["spec"] | undefined,
	{ uid, credentials, sealer }: Sealing,
): string | undefined => {
	if (spec === undefined) return undefined;
	const known = openOrLose({ uid, spec }, sealer);
	const isSame = known?.username === credentials.username && known.password === credentials.password;
	return isSame ? parseRemote(spec)?.sealedCredentials : undefined;
};

/** What another master key sealed is sealed anew by this one. */
const openOrLose = (policy: Pick<DesiredResource, "uid" | "spec">, sealer: Sealer): RemoteCredentials | undefined => {
	try {
		return openCredentials(policy, sealer);
	} catch (error) {
		if (error instanceof MasterKeyError) return undefined;
		throw error;
	}
};

const purposeOf = (uid: string): string => `replication-policy:${uid}`;
