import type { Source } from "#/kube/controller/source.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import { BY_NAMESPACE, BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import { keysOf, namespacePart, partsOf, planeChanges, registryPart, specPart } from "#/operator/sources.ts";
import { BY_PROJECT } from "./policy-indexes.ts";

/** What concerns policies. */
export interface PolicyStores {
	readonly policies: ObjectStore;
	readonly projects: ObjectStore;
	readonly registries: ObjectStore;
	readonly namespaces: ObjectStore;
	readonly planes: Planes;
}

/** What makes the controllers of policies look: their Registry, the projects that they name, and who consents. */
export const policySources = (stores: PolicyStores): readonly Source[] => {
	const { policies, projects, registries, namespaces, planes } = stores;
	const by = (index: string, value: string): readonly ObjectKey[] => keysOf(policies.by(index, value));
	const ofProject = ({ metadata }: KubeObject) => by(BY_PROJECT, keyOf(metadata));
	const ofChange = ({ registry, uids }: PlaneChange): Iterable<ObjectKey> =>
		uids === undefined
			? by(BY_REGISTRY, registry.key)
			: [...uids].flatMap((uid) => [...by(BY_UID, uid), ...projects.by(BY_UID, uid).flatMap(ofProject)]);
	const ofNamespace = ({ metadata }: KubeObject) => [
		...by(BY_NAMESPACE, metadata.name),
		// What its Projects delegate holds as long as the Registry allows the namespace.
		...projects.by(BY_NAMESPACE, metadata.name).flatMap(ofProject),
	];
	return [
		partsOf("projects", projects, specPart, ofProject),
		partsOf("registries", registries, registryPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
		partsOf("namespaces", namespaces, namespacePart, ofNamespace),
		planeChanges("data planes", planes, ofChange),
	];
};
