import type { Controller } from "#/kube/controller/controller.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { BY_REGISTRY } from "#/operator/registry/observe.ts";
import { keysOf, partsOf, registryPart } from "#/operator/sources.ts";
import { schedulesOf } from "./children.ts";
import { type BackupScheduleDeps, createBackupScheduleReconcile } from "./index.ts";

/** Keeps to BackupSchedules. */
export const backupScheduleController = (deps: BackupScheduleDeps): Controller => {
	const { schedules, backups, registries } = deps;
	return {
		name: "backupschedule",
		objects: schedules,
		sources: [
			partsOf("backups", backups, childPart, schedulesOf),
			partsOf("registries", registries, windowPart, ({ metadata }) =>
				keysOf(schedules.by(BY_REGISTRY, keyOf(metadata))),
			),
		],
		caches: { backups, registries },
		reconcile: createBackupScheduleReconcile(deps),
	};
};

/** What matters of a Backup to its schedule. */
const childPart = ({ metadata, status }: KubeObject): unknown => [
	metadata.uid,
	metadata.labels,
	fieldOf(status, "stoppedAt"),
	fieldOf(status, "error"),
];

/** What matters of a Registry to schedules. */
const windowPart = (registry: KubeObject): unknown => [
	registryPart(registry),
	fieldOf(registry.status, "firstRecoverabilityPoint"),
];

const fieldOf = (status: unknown, name: string): unknown =>
	typeof status === "object" && status !== null ? Object.entries(status).find(([key]) => key === name)?.[1] : undefined;
