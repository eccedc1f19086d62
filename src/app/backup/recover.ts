import { setTimeout as sleep } from "node:timers/promises";
import { reportTo } from "#/app/logger.ts";
import type { ProcessParts } from "#/app/process-parts.ts";
import { BackupError } from "#/features/backup/backup-error.ts";
import { holdLease } from "#/jobs/hold-lease.ts";
import { systemClock } from "#/lib/clock.ts";
import { answerMeanwhile } from "./answer-meanwhile.ts";
import { openArchive } from "./open-archive.ts";
import { runRestore } from "./run-restore.ts";

const LEASE_MS = 60_000;
const LOOK_MS = 1_000;

/**
 * Restores a registry that is to begin with what another one had, once: any number of processes may start at once, one
 * does it and the others wait; all of them answer probes meanwhile. A restore that was begun and did not end keeps the
 * registry from starting.
 *
 * @throws BackupError NOT_EMPTY when it holds something already, UNFINISHED and more; StoreError, MetadataError
 */
export const recover = async (parts: ProcessParts, signal: AbortSignal): Promise<void> => {
	const { config, metadata, holder } = parts;
	await using meanwhile = new AsyncDisposableStack();
	for (let isFirst = true; ; isFirst = false) {
		const present = await metadata.origins.restoration(signal);
		if (present?.endedAt !== undefined) return;
		if (config.recovery === undefined) {
			if (present === undefined) return;
			throw new BackupError("UNFINISHED", `a restore of ${present.source} began here and did not end: finish it first`);
		}
		if (isFirst) meanwhile.use(await answerMeanwhile(parts, "what the archive of backups has is being restored"));
		await using lease = await holdLease({ outbox: metadata.outbox, holder, clock: systemClock }, "restore", LEASE_MS);
		if (lease === undefined) await sleep(LOOK_MS, undefined, { signal });
		else await restore(parts, config.recovery, AbortSignal.any([signal, lease.lost]));
	}
};

const restore = async (
	parts: ProcessParts,
	settings: NonNullable<ProcessParts["config"]["recovery"]>,
	signal: AbortSignal,
): Promise<void> => {
	const { config, newId, logger } = parts;
	await using opened = await openArchive({ config, newId }, settings, false);
	const lost = (message: string): void => void logger.warn("recovery.lost", { message });
	logger.info("recovery.begun", { backup: settings.backup, to: settings.to });
	const target = { backup: settings.backup, to: settings.to === undefined ? undefined : Date.parse(settings.to) };
	const summary = await runRestore(
		{ ...parts, archive: opened.archive, report: reportTo(logger), lost },
		target,
		signal,
	);
	logger.info("recovery.done", { ...summary });
};
