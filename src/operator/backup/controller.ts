import type { Controller } from "#/kube/controller/controller.ts";
import { keyOf, type ObjectKey } from "#/kube/kube-object.ts";
import { BY_UID } from "#/operator/indexes.ts";
import type { PlaneChange, Planes } from "#/operator/plane/planes.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import { keysOf, partsOf, planeChanges, registryPart } from "#/operator/sources.ts";
import { type BackupDeps, createBackupReconcile } from "./index.ts";

/** Has Backups made. */
export const backupController = (deps: BackupDeps & { readonly planes: Planes }): Controller => {
	const { backups, registries, namespaces, planes } = deps;
	const by = (index: string, value: string): readonly ObjectKey[] => keysOf(backups.by(index, value));
	const ofChange = ({ registry, uids }: PlaneChange): Iterable<ObjectKey> =>
		uids === undefined ? by(BY_REGISTRY, registry.key) : [...uids].flatMap((uid) => by(BY_UID, uid));
	return {
		name: "backup",
		objects: backups,
		sources: [
			partsOf("registries", registries, registryPart, ({ metadata }) => by(BY_REGISTRY, keyOf(metadata))),
			planeChanges("data planes", planes, ofChange),
		],
		caches: { registries, namespaces },
		reconcile: createBackupReconcile(deps),
	};
};
