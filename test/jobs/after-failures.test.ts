import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RunResult } from "#/jobs/policy-feature.ts";
import { eventually } from "../support/eventually.ts";
import { openPolicyBench } from "../support/policy-bench.ts";
import { forever } from "../support/registry.ts";

describe("a policy runner, after failures", () => {
	it("runs for what is new while what failed waits, which goes on waiting until it is tried again and succeeds", async () => {
		const { clock, put, open, outcomes } = openPolicyBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false, requestedAt: "x" });
		const next = async (end: Partial<RunResult>) => {
			const before = feature.runs.length;
			await eventually(async () => {
				await runner.look(forever);
				assert.equal(feature.runs.length, before + 1);
			});
			const begun = feature.runs.at(-1);
			begun?.end(end);
			await eventually(async () => assert.notEqual(outcomes("p")[0], `${begun?.run.trigger} Running`));
			return { trigger: begun?.run.trigger, isRetry: begun?.run.isRetry };
		};
		assert.deepEqual(await next({ outcome: "Failed" }), { trigger: "Request", isRetry: false });
		clock.advance(30_000);
		assert.deepEqual(await next({ outcome: "Failed" }), { trigger: "Request", isRetry: true });
		const retryAt = clock.now() + 60_000;
		feature.events.add("p");
		clock.advance(5_000);
		assert.deepEqual(await next({}), { trigger: "Event", isRetry: false });
		clock.advance(5_000);
		assert.deepEqual(await next({ outcome: "Failed" }), { trigger: "Event", isRetry: false });
		feature.events.clear();
		await eventually(async () =>
			assert.equal(await runner.look(forever), retryAt - 20_000, "30 s after the newest failure"),
		);
		clock.advance(40_000);
		assert.deepEqual(await next({}), { trigger: "Request", isRetry: true });
		await eventually(async () => assert.equal(await runner.look(forever), undefined));
		assert.equal(feature.runs.length, 5);
	});
});
