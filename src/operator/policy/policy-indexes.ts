/** By what policies are found, beside what all kinds have. */
import { parseReplicationPolicy } from "#/api/kinds/replication-policy.ts";
import { parseRetentionPolicy } from "#/api/kinds/retention-policy.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";
import { sideOf } from "#/operator/replication-policy/replication-wish.ts";
import { registryKeyOf } from "#/operator/tenancy/find-binding.ts";
import type { ScopedPolicy } from "./policy-resource.ts";

/** The keys of the Projects that a policy names. */
export const BY_PROJECT = "project";
/** The key of the Registry that is its other side. */
export const BY_REMOTE = "remote";
/** The key of the RobotAccount that goes there for it. */
export const BY_REMOTE_ROBOT = "robot";
/** The keys of the Secrets that it names. */
export const BY_SECRET = "secret";

const projectsOf = ({ metadata: { namespace }, spec }: ScopedPolicy): readonly string[] =>
	(spec.projectRefs ?? []).map((ref) => keyOf({ namespace: ref.namespace ?? namespace, name: ref.name }));

/** {@link BY_PROJECT} of RetentionPolicies. */
export const projectsOfRetention: IndexFunction = (object) => {
	const parsed = parseRetentionPolicy(object);
	return "invalid" in parsed ? [] : projectsOf(parsed.resource);
};

/** {@link BY_PROJECT} of ReplicationPolicies. */
export const projectsOfReplication: IndexFunction = (object) => {
	const parsed = parseReplicationPolicy(object);
	return "invalid" in parsed ? [] : projectsOf(parsed.resource);
};

/** {@link BY_REMOTE} */
export const remotesOf: IndexFunction = (object) => {
	const { namespace, remote } = remoteOf(object);
	const { registryRef } = remote ?? {};
	return registryRef === undefined ? [] : [registryKeyOf({ metadata: { namespace }, spec: { registryRef } })];
};

/** {@link BY_REMOTE_ROBOT} */
export const remoteRobotsOf: IndexFunction = (object) => {
	const { namespace, remote } = remoteOf(object);
	const { robotAccountRef } = remote ?? {};
	return robotAccountRef === undefined ? [] : [keyOf({ namespace, name: robotAccountRef.name })];
};

/** {@link BY_SECRET} */
export const secretsOf: IndexFunction = (object) => {
	const { namespace, remote } = remoteOf(object);
	const refs = [remote?.credentialsSecretRef, remote?.caSecretRef].filter((ref) => ref !== undefined);
	return refs.map(({ name }) => keyOf({ namespace, name }));
};

const remoteOf = (object: KubeObject) => {
	const parsed = parseReplicationPolicy(object);
	if ("invalid" in parsed) return { namespace: "", remote: undefined };
	return { namespace: parsed.resource.metadata.namespace, remote: sideOf(parsed.resource).remote };
};
