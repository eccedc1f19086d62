import type { RunnableFeatures } from "#/dataplane/data-plane.ts";
import { sealedOutbox, sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import { Collector } from "#/features/gc/index.ts";
import { systemClock } from "#/lib/clock.ts";
import { Journaler } from "#/registry/journal/journaler.ts";
import { Pruner } from "#/registry/journal/pruner.ts";
import { Snapshotter } from "#/registry/journal/snapshotter.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { reportTo } from "./logger.ts";
import { gcMetrics } from "./metrics/gc-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What goes on all the time, whoever asks for nothing. */
export interface OpenedKeepers {
	readonly journaler: Journaler;
	readonly workers: readonly { run(signal: AbortSignal): Promise<void> }[];
	/** One round of each on demand. */
	readonly features: RunnableFeatures;
}

/** Puts together what sweeps, collects, and keeps the journal. */
export const openKeepers = (parts: ProcessParts): OpenedKeepers => {
	const { config, metadata, stores, holder, newId, masterKey, meters } = parts;
	const common = { stores, holder, newId, clock: systemClock, report: reportTo(parts.logger) };
	const { objects, uploads, history, collection } = metadata;
	const outbox = sealedOutbox(metadata.outbox, masterKey);
	const snapshots = sealedSnapshots(metadata.snapshots, masterKey);
	const { sweepInterval, sweepClaim, staleIntent, journalLease, snapshotSegments, snapshotsKept } = config.housekeeping;
	const sweeper = new Sweeper(
		{ ...common, objects, uploads, history },
		{ intervalMs: sweepInterval, claimMs: sweepClaim, staleMs: staleIntent, idleUploadMs: config.limits.uploadIdle },
	);
	const { gcDelay, gcBatch, gcRate, jobLease } = config.housekeeping;
	const collector = new Collector(
		{ ...common, collection, objects, outbox, meter: gcMetrics(meters.registry) },
		{ delayMs: gcDelay, batch: gcBatch, rate: gcRate, intervalMs: sweepInterval, leaseMs: jobLease },
	);
	const journaler = new Journaler({ ...common, objects, outbox }, { leaseMs: journalLease });
	const intervalMs = Math.min(60_000, snapshotSegments * 1_000);
	const rhythm = { everySegments: snapshotSegments, intervalMs };
	const snapshotter = new Snapshotter({ ...common, objects, outbox, snapshots }, rhythm);
	const pruner = new Pruner({ ...common, objects, outbox }, { kept: snapshotsKept, intervalMs });
	return {
		journaler,
		workers: [collector, sweeper, journaler, snapshotter, pruner],
		features: {
			gc: async (_id, signal) => ({ ...(await collector.round(signal)) }),
			sweep: async (_id, signal) => ({ ...(await sweeper.round(signal)) }),
			journal: async (_id, signal) => ({ ...(await journaler.round(signal)) }),
			snapshot: async (_id, signal) => ({ written: (await snapshotter.round(signal)).length }),
			prune: async (_id, signal) => ({ ...(await pruner.round(signal)) }),
		},
	};
};
