import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";
import { type CollectingAct, collectingHistories, halfRemovals } from "./collecting-acts.ts";
import { inspectedGround } from "./collecting-ground.ts";
import { CollectingHistory } from "./collecting-history.ts";
import { HistorySum } from "./history-sum.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 6);

test(`nothing that is used is ever lost, and nothing unused outlives its delay (SEED=${SEED})`, async (context) => {
	const sum = new HistorySum();
	const live = async (happenings: readonly CollectingAct[]): Promise<void> => {
		await using on = await openInspectedMetadata();
		const history = new CollectingHistory(inspectedGround(on));
		await history.run(happenings);
		sum.add(history.counts);
	};
	for (const happenings of halfRemovals) await live(happenings);
	assert.ok(sum.of("collectedAmid") > 0 && sum.of("diedAmid") > 0, "what is half removed was collected from");
	const chosen = sum.of("amid");
	await fc.assert(fc.asyncProperty(collectingHistories, live), {
		seed: SEED,
		numRuns: 100_000,
		interruptAfterTimeLimit: DURATION * 1000,
		endOnFailure: false,
	});
	context.diagnostic(String(sum));
	// Few histories fit into the time on a machine that is busy.
	const wasTried =
		sum.of("collected") > sum.histories &&
		sum.of("amid") > chosen &&
		["restored", "retained", "removed", "revived", "renewed"].every((what) => sum.of(what) > 0);
	assert.ok(wasTried || sum.histories < 200, "it was put to the test");
});
