import { setTimeout as sleep } from "node:timers/promises";
import { reportTo } from "#/app/logger.ts";
import type { ProcessParts } from "#/app/process-parts.ts";
import { BackupError } from "#/features/backup/backup-error.ts";
import { holdLease } from "#/jobs/hold-lease.ts";
import { systemClock } from "#/lib/clock.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { answerMeanwhile } from "./answer-meanwhile.ts";
import { openArchive } from "./open-archive.ts";
import { isLeaseLost, RESTORE_LEASE, runRestore } from "./run-restore.ts";

const LOOK_MS = 1_000;

/**
 * Restores a registry that is to begin with what another one had, once: any number of processes may start at once, one
 * does it and the others wait; all of them answer probes meanwhile. When that one dies, or stands still, another one goes
 * on with it. A restore that was begun and did not end keeps the registry from starting.
 *
 * @throws BackupError NOT_EMPTY when it holds something already, UNFINISHED and more; StoreError, MetadataError
 */
export const recover = async (parts: ProcessParts, signal: AbortSignal): Promise<void> => {
	const settings = await wantedRecovery(parts, signal);
	if (settings === undefined) return;
	await using _ = await answerMeanwhile(parts, "what the archive of backups has is being restored");
	do {
		try {
			await restoreInTurn({ parts, settings }, signal);
		} catch (error) {
			// It was there at the start, and others wait as this one does.
			if (signal.aborted || !(error instanceof MetadataError) || error.code !== "UNAVAILABLE") throw error;
			parts.logger.warn("recovery.database-away", { error: String(error) });
		}
		await sleep(LOOK_MS, undefined, { signal });
	} while (!(await isOver(parts, signal)));
};

/** What is restored, and into what. */
interface Recovery {
	readonly parts: ProcessParts;
	readonly settings: NonNullable<ProcessParts["config"]["recovery"]>;
}

/** Absent: nothing is to be restored any more, or never was. @throws BackupError UNFINISHED, MetadataError */
const wantedRecovery = async (
	{ config, metadata }: ProcessParts,
	signal: AbortSignal,
): Promise<Recovery["settings"] | undefined> => {
	const present = await metadata.origins.restoration(signal);
	if (present?.endedAt !== undefined) return undefined;
	if (config.recovery !== undefined || present === undefined) return config.recovery;
	throw new BackupError("UNFINISHED", `a restore of ${present.source} began here and did not end: finish it first`);
};

/** False too where the database cannot say. */
const isOver = async ({ metadata }: ProcessParts, signal: AbortSignal): Promise<boolean> => {
	try {
		return (await metadata.origins.restoration(signal))?.endedAt !== undefined;
	} catch (error) {
		if (signal.aborted || !(error instanceof MetadataError) || error.code !== "UNAVAILABLE") throw error;
		return false;
	}
};

/** Does it where nobody else is at it. Returns early when another process is, or has taken over: that is waited for. */
const restoreInTurn = async (recovery: Recovery, signal: AbortSignal): Promise<void> => {
	const { config, metadata, holder, logger } = recovery.parts;
	const deps = { outbox: metadata.outbox, holder, clock: systemClock };
	await using lease = await holdLease(deps, RESTORE_LEASE, config.housekeeping.jobLease);
	if (lease === undefined) return;
	try {
		await restore(recovery, lease.fence, AbortSignal.any([signal, lease.lost]));
	} catch (error) {
		if (signal.aborted || !isLeaseLost(lease, error)) throw error;
		logger.warn("recovery.taken-over", { error: String(error) });
	}
};

const restore = async ({ parts, settings }: Recovery, fence: number, signal: AbortSignal): Promise<void> => {
	const { config, newId, logger } = parts;
	await using opened = await openArchive({ config, newId }, settings, false);
	const lost = (message: string): void => void logger.warn("recovery.lost", { message });
	logger.info("recovery.begun", { backup: settings.backup, to: settings.to });
	const target = { backup: settings.backup, to: settings.to === undefined ? undefined : Date.parse(settings.to) };
	const summary = await runRestore(
		{ ...parts, archive: opened.archive, report: reportTo(logger), lost, fence },
		target,
		signal,
	);
	logger.info("recovery.done", { ...summary });
};
