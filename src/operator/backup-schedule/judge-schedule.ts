import { formatInstant } from "#/api/fields/instants.ts";
import type { BackupScheduleSpec, BackupScheduleStatus } from "#/api/kinds/backup-schedule.ts";
import type { Finding } from "#/kube/status/summarize.ts";
import type { Verdict } from "#/operator/verdict.ts";
import type { Child } from "./children.ts";
import type { Delay, SchedulePlan } from "./plan.ts";

/** How a BackupSchedule stands. */
export type ScheduleVerdict = Verdict<"Succeeded" | "DependencyNotReady" | "Suspended">;

/**
 * Judges a BackupSchedule.
 *
 * @param obstacle why no Backup can be made; absent: one can
 * @param now milliseconds since the epoch
 */
export const judgeSchedule = (
	{ suspend }: Pick<BackupScheduleSpec, "suspend">,
	obstacle: string | undefined,
	{ busy, next }: Pick<SchedulePlan, "busy" | "next">,
	now: number,
): ScheduleVerdict => {
	if (obstacle !== undefined) return { is: "Working", reason: "DependencyNotReady", message: obstacle };
	if (suspend) return { is: "Resting", reason: "Suspended", message: "spec.suspend is true: no Backup is made" };
	const when = next === undefined ? "never" : formatInstant(next);
	const isLate = busy !== undefined && next !== undefined && next <= now;
	const message = isLate ? `a Backup was due at ${when}, and waits for ${busy}` : `the next Backup is due at ${when}`;
	return { is: "Ready", reason: "Succeeded", message };
};

/**
 * The condition that says whether Backups are made as they should be: how the newest one went that ended, unless one
 * that does not end keeps others from being made.
 *
 * @param children the newest first
 */
export const judgeChildren = (children: readonly Child[], delay: Delay | undefined): Finding => {
	if (delay !== undefined) {
		const since = `${delay.child} has not ended, though ${formatInstant(delay.slot)} has passed`;
		const message = `${since}: no other one is made before. Its status says what it waits for; delete it if that never comes`;
		return { type: "Healthy", status: "False", reason: "BackupLate", message };
	}
	const last = children.find(({ outcome }) => outcome !== undefined);
	if (last === undefined) {
		return { type: "Healthy", status: "Unknown", reason: "NotRunYet", message: "no Backup has ended yet" };
	}
	return last.outcome === "Succeeded"
		? { type: "Healthy", status: "True", reason: "BackupSucceeded", message: `${last.name} is whole` }
		: { type: "Healthy", status: "False", reason: "BackupFailed", message: `${last.name}: ${last.error}` };
};

/** What the status says of the newest Backup. @param children the newest first */
export const lastBackupOf = ([newest]: readonly Child[]): Pick<BackupScheduleStatus, "lastBackup"> => {
	if (newest === undefined) return {};
	const { name, outcome = "Running", recoveryPoint } = newest;
	return { lastBackup: { name, outcome, ...(recoveryPoint === undefined ? {} : { recoveryPoint }) } };
};
