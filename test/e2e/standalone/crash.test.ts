import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DURATION, SEED } from "../../support/crash-settings.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { StandaloneCrashRun } from "../../support/standalone-crash-run.ts";
import { type StandaloneProcess, startStandalone } from "../../support/standalone-process.ts";

describe("standalone mode that is killed", () => {
	let standalone: StandaloneProcess;
	before(async () => {
		standalone = await startStandalone();
	});
	after(() => standalone[Symbol.asyncDispose]());

	it("keeps every address, Secret and image that was acknowledged, and issues nothing twice", async (test) => {
		test.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
		const run = new StandaloneCrashRun(standalone, seededRandom(SEED));
		const figures = await run.run(DURATION);
		test.diagnostic(JSON.stringify(figures));
		assert.ok(figures.robots > 1);
		await run.killAtRest();
	});
});
