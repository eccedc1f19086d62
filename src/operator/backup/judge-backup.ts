import { type BackupReport, backupReport } from "#/api/backup-report.ts";
import { formatExactInstant, formatInstant } from "#/api/fields/instants.ts";
import type { BackupStatus } from "#/api/kinds/backup.ts";
import type { Standing } from "#/operator/plane/observations.ts";
import type { PlaneLink } from "#/operator/plane/plane-link.ts";
import type { Binding } from "#/operator/tenancy/find-binding.ts";
import { judgeStanding, type StandingReason, type Verdict } from "#/operator/verdict.ts";

/** What the status of a Backup says beside conditions. */
export type BackupFields = Pick<
	BackupStatus,
	| "startedAt"
	| "stoppedAt"
	| "backupId"
	| "archiveDigest"
	| "recoveryPoint"
	| "instance"
	| "copied"
	| "verified"
	| "error"
>;

/** How a Backup stands. */
export type BackupVerdict = Verdict<StandingReason | "Succeeded" | "NotAllowed">;

/** What was found out about a Backup in one look. */
export interface BackupFindings {
	readonly obstacle: Binding["obstacle"];
	readonly link: Pick<PlaneLink, "trouble"> | undefined;
	/** What the data plane says of it; absent: nothing yet. */
	readonly standing: Standing | undefined;
	/** What is known of it by now. */
	readonly fields: BackupFields;
}

type Run = BackupReport["runs"][number];

/** What the data plane says of a Backup; absent: nothing yet. */
export const readBackupRun = (report: Standing["report"]): Run | undefined =>
	backupReport.safeParse(report ?? {}).data?.runs[0];

/** What there is to know of a Backup's one run. */
export const fieldsOfRun = (run: Run): BackupFields => {
	const { startedAt, finishedAt = startedAt, outcome, message, instance, backup, at, blobs, bytes, verified } = run;
	const begun = { startedAt: formatInstant(startedAt), instance };
	// What it copied so far changes all the time.
	if (outcome === "Running") return begun;
	const over = { ...begun, stoppedAt: formatInstant(finishedAt), copied: { blobs, bytes }, verified };
	// What is whole is a backup, also where its process died before it had cleared away what nobody needs.
	if (backup === undefined || at === undefined) {
		return { ...over, error: message || `it was ${outcome.toLowerCase()}` };
	}
	return { ...over, backupId: backup, recoveryPoint: formatExactInstant(at) };
};

/** Whether a Backup came to its end: nothing is ever done for it again. */
export const isOver = ({ stoppedAt }: Pick<BackupFields, "stoppedAt">): boolean => stoppedAt !== undefined;

/** Judges a Backup that is not being deleted. */
export const judgeBackup = ({ obstacle, link, standing, fields }: BackupFindings): BackupVerdict => {
	const { startedAt, error, recoveryPoint, copied, instance } = fields;
	if (error !== undefined) return { is: "Stalled", reason: "Failed", message: error };
	if (isOver(fields)) {
		const message = `restores ${recoveryPoint}; ${copied?.blobs} blobs were copied, ${copied?.bytes} bytes`;
		return { is: "Ready", reason: "Succeeded", message };
	}
	if (obstacle !== undefined) return { is: "Working", ...obstacle };
	const trouble = link === undefined ? undefined : judgeStanding(standing, link);
	if (trouble !== undefined && trouble.reason !== "Progressing") return trouble;
	const message = startedAt === undefined ? "waiting until the registry begins it" : `${instance} makes it`;
	return { is: "Working", reason: "Progressing", message };
};
