/** The Backups that a BackupSchedule made, and how they are named: by what they are for, so that none is made twice. */
import { hash } from "node:crypto";
import { instantMs } from "#/api/fields/instants.ts";
import { parseBackup } from "#/api/kinds/backup.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { IndexFunction } from "#/kube/object-store.ts";

/** Label of a Backup: name of the BackupSchedule, in the same namespace, that made it. */
export const SCHEDULE_LABEL = "limani.dev/backup-schedule";

/** Index of Backups by the key of the BackupSchedule that made them. */
export const BY_SCHEDULE = "schedule";

/** {@link BY_SCHEDULE} */
export const schedulesOf: IndexFunction = ({ metadata: { namespace, labels } }) => {
	const schedule = labels?.[SCHEDULE_LABEL];
	return schedule === undefined ? [] : [`${namespace}/${schedule}`];
};

/** A Backup, as far as its schedule is concerned. */
export interface Child {
	readonly name: string;
	readonly uid: string;
	/** Of its creation, milliseconds since the epoch. */
	readonly createdAt: number;
	/** Absent: it has not ended. */
	readonly outcome: "Succeeded" | "Failed" | undefined;
	/** What it restores, or, where it failed, when it did; milliseconds since the epoch. Absent: it has not ended. */
	readonly point: number | undefined;
	/** What it restores, as its status has it; absent: nothing. */
	readonly recoveryPoint: string | undefined;
	/** Why it failed; absent: it did not. */
	readonly error: string | undefined;
}

/** The Backups among objects, the newest first; one that cannot be read has not ended. */
export const childrenIn = (objects: readonly KubeObject[]): readonly Child[] =>
	objects.map(toChild).toSorted((a, b) => b.createdAt - a.createdAt || (a.name < b.name ? 1 : -1));

const toChild = (object: KubeObject): Child => {
	const { name, uid = "", creationTimestamp = "" } = object.metadata;
	const parsed = parseBackup(object);
	const { stoppedAt, recoveryPoint, error } = "resource" in parsed ? parsed.resource.status : {};
	const point = recoveryPoint ?? stoppedAt;
	return {
		name,
		uid,
		createdAt: instantMs(creationTimestamp),
		outcome: stoppedAt === undefined ? undefined : error === undefined ? "Succeeded" : "Failed",
		point: point === undefined ? undefined : instantMs(point),
		recoveryPoint,
		error,
	};
};

/** The name of the Backup for a time of the schedule. @param slot milliseconds since the epoch */
export const nameOfSlot = (schedule: string, slot: number): string =>
	`${schedule}-${new Date(slot).toISOString().replaceAll(/\D/g, "").slice(0, 14)}`;

/** The name of the Backup that somebody asked for. @param uid of the schedule @param request the annotation's value */
export const nameOfRequest = (schedule: string, uid: string, request: string): string =>
	`${schedule}-now-${hash("sha256", `${uid}\0${request}`, "hex").slice(0, 10)}`;
