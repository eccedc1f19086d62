import type { Controller } from "#/kube/controller/controller.ts";
import { type KubeObject, keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import { BY_NAMESPACE, BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import { namespacePart, partsOf, planeChanges, registryPart } from "#/operator/sources.ts";
import { createProjectReconcile, type ProjectDeps } from "./index.ts";

/** Keeps Projects as they are wanted. */
export const projectController = (deps: ProjectDeps & { readonly planes: Planes }): Controller => {
	const { projects, registries, namespaces, planes } = deps;
	const by = (index: string, value: string): readonly ObjectKey[] => keysOf(projects.by(index, value));
	const ofChange = ({ registry, uids }: PlaneChange): Iterable<ObjectKey> =>
		uids === undefined ? by(BY_REGISTRY, registry.key) : [...uids].flatMap((uid) => by(BY_UID, uid));
	return {
		name: "project",
		objects: projects,
		sources: [
			partsOf("registries", registries, registryPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
			partsOf("namespaces", namespaces, namespacePart, ({ metadata }) => by(BY_NAMESPACE, metadata.name)),
			planeChanges("data planes", planes, ofChange),
		],
		caches: { registries, namespaces },
		reconcile: createProjectReconcile(deps),
	};
};

const keysOf = (objects: readonly KubeObject[]): readonly ObjectKey[] => objects.map(({ metadata }) => keyOf(metadata));
