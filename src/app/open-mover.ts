import { Mover } from "#/features/moving/index.ts";
import { systemClock } from "#/lib/clock.ts";
import { reportTo } from "./logger.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What moves projects between the stores of a process. */
export const openMover = ({ config, metadata, stores, holder, newId, logger }: ProcessParts): Mover =>
	new Mover(
		{ metadata, stores, holder, newId, clock: systemClock, report: reportTo(logger) },
		{ leaseMs: config.housekeeping.jobLease },
	);
