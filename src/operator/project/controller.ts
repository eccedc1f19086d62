import type { Controller } from "#/kube/controller/controller.ts";
import { keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import { BY_NAMESPACE, BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import {
	ANSWERED_PRIORITY,
	keysOf,
	namespacePart,
	partsOf,
	planeChanges,
	registryPart,
	storesPart,
} from "#/operator/sources.ts";
import { createProjectReconcile, type ProjectDeps } from "./index.ts";

/** Keeps Projects as they are wanted. */
export const projectController = (deps: ProjectDeps & { readonly planes: Planes }): Controller => {
	const { projects, registries, namespaces, planes } = deps;
	const by = (index: string, value: string): readonly ObjectKey[] => keysOf(projects.by(index, value));
	const ofLink = ({ registry, uids }: PlaneChange) => (uids === undefined ? by(BY_REGISTRY, registry.key) : []);
	const ofAnswer = ({ uids = new Set() }: PlaneChange) => [...uids].flatMap((uid) => by(BY_UID, uid));
	return {
		name: "project",
		objects: projects,
		sources: [
			partsOf("registries", registries, registryPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
			partsOf("stores of blobs", registries, storesPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
			partsOf("namespaces", namespaces, namespacePart, ({ metadata }) => by(BY_NAMESPACE, metadata.name)),
			planeChanges("data planes", planes, ofLink),
			planeChanges("answers of data planes", planes, ofAnswer, ANSWERED_PRIORITY),
		],
		caches: { registries, namespaces },
		reconcile: createProjectReconcile(deps),
	};
};
