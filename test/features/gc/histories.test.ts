import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";
import { CollectingHistory, collectingHistories } from "./collecting-history.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 6);

test(`nothing that is used is ever lost, and nothing unused outlives its delay (SEED=${SEED})`, async (context) => {
	let runs = 0;
	let collected = 0;
	await fc.assert(
		fc.asyncProperty(collectingHistories, async (happenings) => {
			await using on = await openInspectedMetadata();
			const history = new CollectingHistory(on);
			await history.begin();
			for (const happening of happenings) await history.run(happening);
			await history.end();
			runs += 1;
			collected += history.collected;
		}),
		{ seed: SEED, numRuns: 100_000, interruptAfterTimeLimit: DURATION * 1000, endOnFailure: false },
	);
	context.diagnostic(`${runs} histories, ${collected} things collected`);
	assert.ok(collected > runs, "it was put to the test");
});
