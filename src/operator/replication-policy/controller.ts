import type { Controller } from "#/kube/controller/controller.ts";
import { mappedObjects } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { BY_UID } from "#/operator/indexes.ts";
import { BY_REMOTE, BY_REMOTE_ROBOT, BY_SECRET } from "#/operator/policy/policy-indexes.ts";
import { type PolicyStores, policySources } from "#/operator/policy/policy-sources.ts";
import { ownersOf } from "#/operator/robot-account/robot-secrets.ts";
import { keysOf, partsOf, registryPart } from "#/operator/sources.ts";
import { createReplicationPolicyReconcile, type ReplicationDeps } from "./index.ts";

/** What {@link replicationPolicyController} is made of. */
export interface ReplicationControllerDeps extends ReplicationDeps, PolicyStores {
	readonly registries: ObjectStore;
	readonly namespaces: ObjectStore;
	readonly projects: ObjectStore;
	readonly policies: ObjectStore;
	readonly planes: PolicyStores["planes"];
	/** Secrets, of which only the names are looked at; absent: changes of Secrets are found at the next look. */
	readonly allSecrets: ObjectStore | undefined;
}

/** Keeps ReplicationPolicies as they are wanted. */
export const replicationPolicyController = (deps: ReplicationControllerDeps): Controller => {
	const { policies, projects, registries, namespaces, robotAccounts, secrets, allSecrets } = deps;
	const by = (index: string, value: string) => keysOf(policies.by(index, value));
	const ofRobot = ({ metadata }: KubeObject) => by(BY_REMOTE_ROBOT, keyOf(metadata));
	const ofOwner = (secret: KubeObject) =>
		ownersOf(secret).flatMap((uid) => robotAccounts.by(BY_UID, uid).flatMap(ofRobot));
	const named = ({ metadata }: KubeObject) => by(BY_SECRET, keyOf(metadata));
	return {
		name: "replicationpolicy",
		objects: policies,
		sources: [
			...policySources(deps),
			partsOf("remote registries", registries, registryPart, ({ metadata }) => by(BY_REMOTE, keyOf(metadata))),
			partsOf("robots", robotAccounts, robotPart, ofRobot),
			mappedObjects("credentials", secrets, ofOwner),
			...(allSecrets === undefined ? [] : [mappedObjects("secrets", allSecrets, named)]),
		],
		caches: { projects, registries, namespaces, robotAccounts, secrets },
		reconcile: createReplicationPolicyReconcile(deps),
	};
};

/** What matters of a robot to those for whom it goes: whether it may, and where its credential is. */
const robotPart = (object: KubeObject): unknown => {
	const { metadata, status } = object;
	const ready = findCondition(conditionsOf(object), "Ready");
	const ref = typeof status === "object" && status !== null && "secretRef" in status ? status.secretRef : undefined;
	return [metadata.uid, metadata.generation, metadata.deletionTimestamp, ready?.status, ready?.message, ref];
};
