import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { eventually } from "../support/eventually.ts";
import { openPolicyBench } from "../support/policy-bench.ts";
import { forever } from "../support/registry.ts";

const DAY = 86_400_000;
const ONCE = { suspend: false, once: 0 };

/** Looks for a week: whatever would be tried again is. */
const lookForAWeek = async (
	{ clock }: ReturnType<typeof openPolicyBench>,
	{ runner }: ReturnType<ReturnType<typeof openPolicyBench>["open"]>,
) => {
	for (let day = 0; day < 7; day++) {
		clock.advance(DAY);
		assert.equal(await runner.look(forever), undefined);
	}
};

describe("what runs once", () => {
	for (const [claim, end, outcome] of [
		["that succeeded", {}, "Succeeded"],
		["that failed", new Error("no space left"), "Failed"],
		["that was stopped", { outcome: "Stopped" }, "Stopped"],
	] as const) {
		it(`begins at the first look, and ${claim} is left alone for ever`, async () => {
			const bench = openPolicyBench();
			const opened = bench.open("a");
			const { feature, runner } = opened;
			bench.put("p", ONCE);
			await runner.look(forever);
			await eventually(() => assert.equal(feature.runs.length, 1));
			assert.equal("nextRunAt" in (bench.policies.reports.get("p") ?? {}), false);
			feature.runs[0]?.end(end);
			await eventually(() => assert.deepEqual(bench.outcomes("p"), [`Request ${outcome}`]));
			feature.events.add("p");
			await lookForAWeek(bench, opened);
			assert.equal(feature.runs.length, 1);
		});
	}

	it("is told as interrupted by whoever finds that its process died, and begun by nobody", async () => {
		const bench = openPolicyBench();
		const dead = bench.open("dead");
		bench.put("p", ONCE);
		await dead.runner.look(forever);
		await eventually(() => assert.equal(dead.feature.runs.length, 1));
		const opened = bench.open("next");
		const { feature, runner } = opened;
		await runner.look(forever);
		assert.deepEqual(bench.outcomes("p"), ["Request Running"], "its lease holds");
		bench.clock.advance(61_000);
		await runner.look(forever);
		assert.deepEqual(bench.outcomes("p"), ["Request Interrupted"]);
		await lookForAWeek(bench, opened);
		assert.equal(feature.runs.length, 0);
	});

	it("is interrupted when its process is told to end, and stays so", async () => {
		const bench = openPolicyBench();
		const { feature, runner } = bench.open("a", { intervalMs: 5 });
		bench.put("p", ONCE);
		const stop = new AbortController();
		const running = runner.run(stop.signal);
		await eventually(() => assert.equal(feature.runs.length, 1));
		stop.abort();
		await running;
		assert.deepEqual(bench.outcomes("p"), ["Request Interrupted"]);
		const next = bench.open("b");
		await lookForAWeek(bench, next);
		assert.equal(next.feature.runs.length, 0);
	});

	it("makes room for nobody, however long it takes, and those that wait begin after it", async () => {
		const bench = openPolicyBench();
		const { feature, runner } = bench.open("a", { concurrency: 1, turnMs: 1_000 });
		bench.put("p", ONCE);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		bench.put("q", ONCE);
		bench.clock.advance(DAY);
		await runner.look(forever);
		assert.equal(feature.runs[0]?.signal.aborted, false);
		feature.runs[0]?.end({});
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs[1]?.run.policy.uid, "q");
		});
	});

	it("begins at its time where that is later", async () => {
		const bench = openPolicyBench();
		const { feature, runner } = bench.open("a");
		bench.put("p", { ...ONCE, once: 60_000 });
		assert.equal(await runner.look(forever), bench.clock.now() + 60_000);
		bench.clock.advance(59_999);
		await runner.look(forever);
		assert.equal(feature.runs.length, 0);
		bench.clock.advance(1);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
	});

	it("ends when it is wanted no more", async () => {
		const bench = openPolicyBench();
		const { feature, runner } = bench.open("a");
		bench.put("p", ONCE);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		bench.policies.delete("p");
		await runner.look(forever);
		assert.equal(feature.runs[0]?.signal.aborted, true);
	});

	it("is told as it ended though metadata was away for a moment then", async () => {
		const bench = openPolicyBench();
		const { feature, runner } = bench.open("a");
		bench.put("p", ONCE);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		const { save } = bench.policies;
		let failures = 0;
		bench.policies.save = async (...kept) => {
			failures += 1;
			if (failures <= 2) throw new MetadataError("UNAVAILABLE", "the database is away");
			return await save.apply(bench.policies, kept);
		};
		feature.runs[0]?.end({});
		await eventually(() => assert.deepEqual(bench.outcomes("p"), ["Request Succeeded"]));
		assert.equal(failures, 3);
	});
});
