import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { CodedError } from "#/lib/coded-error.ts";
import { eventually } from "../support/eventually.ts";
import { openPolicyBench as openBench } from "../support/policy-bench.ts";
import { forever } from "../support/registry.ts";

const HOUR = 3_600_000;
const HOURLY = { schedule: "0 * * * *", suspend: false };

const only = <T>(list: readonly T[]): T => {
	const [first] = list;
	assert.equal(list.length, 1);
	assert.ok(first !== undefined);
	return first;
};

describe("a policy runner", () => {
	it("runs a policy at its slots, tells how it went, and costs one list where there is nothing to do", async () => {
		const { clock, policies, put, open, runs, outcomes, ended } = openBench();
		const { feature, runner } = open("a");
		put("p", HOURLY);
		assert.equal(await runner.look(forever), clock.now() + HOUR);
		assert.deepEqual(policies.reports.get("p"), { runs: [], explain: [], nextRunAt: clock.now() + HOUR });
		clock.advance(HOUR);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		const { run, end } = only(feature.runs);
		assert.deepEqual(outcomes("p"), ["Schedule Running"]);
		await run.keep({ figures: { looked: 7 }, report: { explain: ["x"] }, state: { mine: 1 } });
		assert.equal(runs("p")[0].looked, 7);
		end({ message: "removed 3", figures: { removed: 3 } });
		await eventually(() => assert.deepEqual(outcomes("p"), ["Schedule Succeeded"]));
		const { looked, removed, message, finishedAt } = runs("p")[0];
		assert.deepEqual([looked, removed, message, finishedAt], [7, 3, "removed 3", clock.now()]);
		assert.deepEqual(policies.reports.get("p")?.explain, ["x"]);
		assert.deepEqual(ended, ["Succeeded"]);
		const before = { ...policies.calls };
		await runner.look(forever);
		assert.deepEqual(policies.calls, { ...before, list: before.list + 1 });
		clock.advance(HOUR);
		await runner.look(forever);
		await eventually(() => assert.deepEqual(feature.runs[1]?.run.state, { mine: 1 }));
		for (let i = 0; i < 7; i++) {
			feature.runs.at(-1)?.end({});
			await eventually(() => assert.equal(runs("p")[0].outcome, "Succeeded"));
			clock.advance(HOUR);
			await eventually(async () => {
				await runner.look(forever);
				assert.equal(feature.runs.length, i + 3);
			});
		}
		assert.equal(runs("p").length, 5);
	});

	it("of several processes one runs a policy, and none twice", async () => {
		const { clock, put, open } = openBench();
		const processes = ["a", "b", "c"].map((holder) => open(holder));
		const begun = () => processes.flatMap(({ feature }) => feature.runs);
		put("p", HOURLY);
		const look = () => Promise.all(processes.map(({ runner }) => runner.look(forever)));
		await look();
		clock.advance(HOUR);
		await look();
		await look();
		await eventually(() => assert.equal(begun().length, 1));
		only(begun()).end({});
		await eventually(async () => {
			await look();
			assert.equal(begun().length, 1);
		});
	});

	it("ends a run whose process died as interrupted, and runs it again after a pause", async () => {
		const { clock, put, open, outcomes } = openBench();
		const dead = open("dead");
		put("p", { suspend: false, requestedAt: "x" });
		await dead.runner.look(forever);
		await eventually(() => assert.equal(dead.feature.runs.length, 1));
		const { feature, runner } = open("next");
		await runner.look(forever);
		assert.deepEqual(outcomes("p"), ["Request Running"], "its lease holds");
		clock.advance(61_000);
		await runner.look(forever);
		await eventually(() => assert.deepEqual(outcomes("p"), ["Request Running", "Request Interrupted"]));
		await assert.rejects(only(dead.feature.runs).run.keep({}), { code: "LOST" });
		only(feature.runs).end({});
		await eventually(() => assert.deepEqual(outcomes("p"), ["Request Succeeded", "Request Interrupted"]));
	});

	it("ends runs when it is told to stop, and another goes on at once", async () => {
		const { put, open, outcomes } = openBench();
		const { feature, runner } = open("a", { intervalMs: 5 });
		put("p", { suspend: false, requestedAt: "x" });
		const stop = new AbortController();
		const running = runner.run(stop.signal);
		await eventually(() => assert.equal(feature.runs.length, 1));
		stop.abort();
		await running;
		assert.deepEqual(outcomes("p"), ["Request Interrupted"]);
		const next = open("b");
		await next.runner.look(forever);
		await eventually(() => assert.deepEqual(outcomes("p"), ["Request Running", "Request Interrupted"]));
		only(next.feature.runs).end({});
	});

	it("tries again what failed, later and later, and tells failures that have a code", async () => {
		const { clock, put, open, runs } = openBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false, requestedAt: "x" });
		for (const [error, told, pause] of [
			[new CodedError("X", "the database is away"), "the database is away", 30_000],
			[new Error("secret"), "it failed; the registry's log says why", 60_000],
		] as const) {
			await eventually(async () => {
				await runner.look(forever);
				assert.equal(runs("p")[0]?.outcome, "Running");
			});
			feature.runs.at(-1)?.end(error);
			await eventually(() => assert.equal(runs("p")[0].outcome, "Failed"));
			assert.equal(runs("p")[0].message, told);
			const begun = feature.runs.length;
			await eventually(async () => assert.equal(await runner.look(forever), clock.now() + pause));
			assert.equal(feature.runs.length, begun);
			clock.advance(pause);
		}
	});

	it("tries again as soon as the feature wants it at the latest, and never sooner than after so many failures", async () => {
		const { clock, put, open, runs } = openBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false, requestedAt: "x" });
		for (const pause of [30_000, 45_000, 45_000]) {
			await eventually(async () => {
				await runner.look(forever);
				assert.equal(runs("p")[0]?.outcome, "Running");
			});
			feature.runs.at(-1)?.end({ outcome: "Failed", message: "no answer", longestPauseMs: 45_000 });
			await eventually(async () => assert.equal(await runner.look(forever), clock.now() + pause));
			clock.advance(pause);
		}
	});

	it("ends a run when its policy changes, and begins it with the new one; when it goes, for good", async () => {
		const { policies, put, open, outcomes } = openBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		put("p", { suspend: false, requestedAt: "x", schedule: "0 5 * * *" });
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs.length, 2);
		});
		assert.equal(feature.runs[0]?.signal.aborted, true);
		assert.deepEqual(outcomes("p"), ["Request Running", "Request Interrupted"]);
		policies.delete("p");
		await runner.look(forever);
		assert.equal(feature.runs[1]?.signal.aborted, true);
		await eventually(async () => {
			await runner.look(forever);
			assert.deepEqual(await policies.list("RetentionPolicy", { limit: 9 }), []);
		});
		assert.equal(feature.runs.length, 2);
	});

	it("ends a run that another process took over", async () => {
		const { clock, policies, put, open, outcomes } = openBench();
		const { feature, runner } = open("a", { leaseMs: 30 });
		put("p", { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		clock.advance(31);
		assert.ok(await policies.lease("policy:p", "b", 60_000));
		await eventually(() => assert.equal(feature.runs[0]?.signal.aborted, true));
		assert.deepEqual(outcomes("p"), ["Request Running"], "it has nothing more to say");
	});

	it("runs no more at once than it may", async () => {
		const { put, open } = openBench();
		const { feature, runner } = open("a", { concurrency: 2 });
		for (const uid of ["p", "q", "r"]) put(uid, { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 2));
		await runner.look(forever);
		assert.equal(feature.runs.length, 2);
		feature.runs[0]?.end({});
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs.length, 3);
		});
	});

	it("gives a place to who has waited longest, so that who wants to run all the time keeps nobody waiting", async () => {
		const { clock, put, open } = openBench();
		const { feature, runner } = open("a", { concurrency: 1 });
		for (const uid of ["p", "q", "r"]) put(uid, { suspend: false });
		for (const uid of ["p", "q", "r"]) feature.events.add(uid);
		const order: (string | undefined)[] = [];
		for (let i = 0; i < 6; i++) {
			await eventually(async () => {
				clock.advance(3_000);
				await runner.look(forever);
				assert.equal(feature.runs.length, i + 1);
			});
			order.push(feature.runs[i]?.run.policy.uid);
			feature.runs[i]?.end({});
		}
		assert.deepEqual(order, ["p", "q", "r", "p", "q", "r"]);
	});

	it("ends the longest run once it had its turn and others wait, and goes on with it after them", async () => {
		const { clock, put, open, outcomes } = openBench();
		const { feature, runner } = open("a", { concurrency: 1, turnMs: HOUR });
		put("p", { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		clock.advance(2 * HOUR);
		await runner.look(forever);
		assert.equal(feature.runs[0]?.signal.aborted, false, "nobody waits");
		put("q", { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		assert.equal(feature.runs[0]?.signal.aborted, true);
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs[1]?.run.policy.uid, "q");
		});
		assert.deepEqual(outcomes("p"), ["Request Interrupted"]);
		await runner.look(forever);
		assert.equal(feature.runs[1]?.signal.aborted, false, "it had no turn yet");
		feature.runs[1]?.end({});
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs[2]?.run.policy.uid, "p");
		});
	});

	it("begins what cannot be kept no sooner than at the next look", async () => {
		const { policies, put, open } = openBench();
		const { runner } = open("a", { intervalMs: 60_000 });
		put("p", { suspend: false, requestedAt: "x" });
		let saves = 0;
		policies.save = async () => {
			saves += 1;
			throw new RangeError("too large");
		};
		const stop = new AbortController();
		const running = runner.run(stop.signal);
		await eventually(() => assert.equal(saves, 1));
		for (let i = 0; i < 50; i++) await nextTurn();
		assert.equal(saves, 1);
		stop.abort();
		await running;
	});

	it("makes up for no slot that a suspended policy slept through", async () => {
		const { clock, put, open } = openBench();
		const { feature, runner } = open("a");
		put("p", HOURLY);
		await runner.look(forever);
		put("p", { ...HOURLY, suspend: true });
		await runner.look(forever);
		clock.advance(5 * HOUR + 1);
		await runner.look(forever);
		put("p", HOURLY);
		await runner.look(forever);
		await runner.look(forever);
		assert.equal(feature.runs.length, 0);
		clock.advance(HOUR);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
	});

	it("runs on events that its feature finds, and on a command, whose answer it is", async () => {
		const { put, open, outcomes } = openBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false });
		put("s", { suspend: true });
		feature.events.add("p");
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		feature.events.clear();
		const answer = runner.runNow("p", forever);
		only(feature.runs).end({});
		await eventually(() => assert.equal(feature.runs.length, 2));
		feature.runs[1]?.end({ outcome: "Stopped", message: "too much", figures: { looked: 9, byRule: [] } });
		assert.deepEqual(await answer, { outcome: "Stopped", message: "too much", looked: 9 });
		assert.deepEqual(outcomes("p"), ["Command Stopped", "Event Succeeded"]);
		await assert.rejects(runner.runNow("s", forever), { code: "SUSPENDED" });
		await assert.rejects(runner.runNow("none", forever), { code: "UNKNOWN" });
	});

	it("leaves a policy alone that it cannot read, and goes on after metadata failed", async () => {
		const { policies, put, open } = openBench();
		const { feature, runner } = open("a", { intervalMs: 5 });
		put("a", {});
		put("p", { suspend: false, requestedAt: "x" });
		policies.failures.push(new Error("away"), new Error("away"));
		const stop = new AbortController();
		const running = runner.run(stop.signal);
		await eventually(() => assert.equal(feature.runs.length, 1));
		stop.abort();
		await running;
	});
});
