import { z } from "zod";
import { durationMs } from "./duration.ts";

/** How much may go on at once, and for how long. */
export const limitsSchema = z
	.strictObject({
		concurrentUploads: z.int().min(1).default(256).describe("Upload requests at once, per process"),
		openUploadsPerProject: z.int().min(1).default(1000).describe("Uploads that are begun and not finished"),
		uploadIdle: durationMs("24h").describe("An upload that nobody touches for so long is dropped"),
		uploadLease: durationMs("30s")
			.refine((ms) => ms >= 1_000, "expected 1s or more")
			.describe("How soon another process may go on with a dead one's upload"),
		stall: durationMs("60s").describe("A connection that stands still for so long within a request is cut"),
		stopDelay: durationMs("0s").describe("How long to go on after SIGTERM with /readyz at 503, so that proxies notice"),
		linkProofAge: durationMs("15m").describe(
			"How long content pulled by digest can be pulled again while the database cannot be reached; 0: not at all",
		),
		drain: durationMs("30s").describe("How long requests may go on after SIGTERM"),
		maxConnections: z.int().min(1).default(10_000).describe("Connections of clients, per process"),
	})
	.prefault({});

/** What is done behind the requests. */
export const housekeepingSchema = z
	.strictObject({
		sweepInterval: durationMs("30s").describe("How often condemned bytes are deleted"),
		sweepClaim: durationMs("2m").describe("How soon another process deletes what a dead one was about to delete"),
		staleIntent: durationMs("1h").describe("When a journal object that was not finished counts as left behind"),
		gcDelay: durationMs("24h")
			.refine((ms) => ms >= 60_000, "expected 1m or more")
			.describe("What nobody uses is left alone for so long after it was touched last; 1m or more"),
		gcBatch: z.int().min(1).max(10_000).default(100).describe("Things that the collector looks at in one transaction"),
		gcRate: z.int().min(1).default(2_000).describe("Things that it looks at in a second, of all processes together"),
		journalLease: durationMs("10s")
			.refine((ms) => ms >= 1_000, "expected 1s or more")
			.describe("How soon another process goes on with a dead one's journal"),
		jobLease: durationMs("60s")
			.refine((ms) => ms >= 1_000, "expected 1s or more")
			.describe(
				"How soon another process goes on with a dead one's other work: policies, collection, moves, backups, restores",
			),
		snapshotSegments: z.int().min(1).default(3_600).describe("Journal segments between two snapshots"),
		snapshotsKept: z
			.int()
			.min(2)
			.max(1_000)
			.default(2)
			.describe("Snapshots that stay, with every journal segment after the oldest of them"),
	})
	.prefault({});
