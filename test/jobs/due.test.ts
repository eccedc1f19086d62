import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nextRunAt, pauseAfterFailures, planDue, type RunHistory } from "#/jobs/due.ts";

const at = (text: string) => Date.parse(`2026-03-${text}:00Z`);
const DAILY = { schedule: "0 3 * * *", suspend: false };
const NEVER: RunHistory = {
	since: undefined,
	begunRequest: undefined,
	retry: undefined,
	isCut: false,
	hasRun: false,
	endedAt: undefined,
};
const since = (text: string): RunHistory => ({ ...NEVER, since: at(text) });
const run = (trigger: string) => ({ due: true, trigger, isRetry: false });
const retry = (trigger: string) => ({ due: true, trigger, isRetry: true });
const wait = (text: string | undefined) => ({ due: false, at: text && at(text) });

describe("when a policy is due", () => {
	for (const [claim, timing, history, now, expected] of [
		["a new one waits for its first slot", DAILY, NEVER, "10T12:00", wait("11T03:00")],
		["before its slot it waits", DAILY, since("10T03:00"), "11T02:59", wait("11T03:00")],
		["at its slot it runs", DAILY, since("10T03:00"), "11T03:00", run("Schedule")],
		["after a slot was missed it runs", DAILY, since("10T03:00"), "11T17:20", run("Schedule")],
		["after many were missed it runs once", DAILY, since("01T03:00"), "20T04:00", run("Schedule")],
		["which makes up for all of them", DAILY, since("20T04:00"), "20T04:01", wait("21T03:00")],
		["a clock that was set back a little runs nothing twice", DAILY, since("11T03:00"), "11T02:59", wait("12T03:00")],
		[
			"a clock that was set back far does not stop the schedule",
			DAILY,
			since("25T03:00"),
			"11T02:50",
			wait("11T03:00"),
		],
		["without a schedule it never is", { suspend: false }, since("10T03:00"), "20T03:00", wait(undefined)],
		[
			"while it is suspended it never is",
			{ ...DAILY, suspend: true, requestedAt: "x" },
			since("10T03:00"),
			"20T03:00",
			wait(undefined),
		],
		["a request is due at once", { suspend: false, requestedAt: "x" }, since("10T03:00"), "10T03:00", run("Request")],
		[
			"a request that has begun is not",
			{ suspend: false, requestedAt: "x" },
			{ ...NEVER, begunRequest: "x" },
			"10T03:00",
			wait(undefined),
		],
		[
			"another one is",
			{ suspend: false, requestedAt: "y" },
			{ ...NEVER, begunRequest: "x" },
			"10T03:00",
			run("Request"),
		],
		[
			"a slot that does not exist never comes",
			{ schedule: "0 0 30 2 *", suspend: false },
			NEVER,
			"10T03:00",
			wait(undefined),
		],
	] as const) {
		it(claim, () => {
			assert.deepEqual(planDue(timing, history, false, at(now)), expected);
		});
	}

	const failed: RunHistory = {
		...since("10T03:00"),
		retry: { trigger: "Event", at: at("11T03:30") },
		endedAt: at("11T02:30"),
	};
	const failedJustBefore = { ...failed, endedAt: at("11T03:00") - 1_000 };
	const cut = { ...failed, isCut: true };
	for (const [claim, history, hasEvent, now, expected] of [
		["what failed waits for its pause", failed, false, at("11T02:59"), wait("11T03:00")],
		["and is tried again after it", failed, false, at("11T03:30"), retry("Event")],
		["a new event does not wait for that", failed, true, at("11T02:59"), run("Event")],
		["nor does a slot", failed, false, at("11T03:00"), run("Schedule")],
		["which goes before an event, for it looks at everything", failed, true, at("11T03:00"), run("Schedule")],
		["and what is tried again goes before both", failed, true, at("11T03:30"), retry("Event")],
		["both keep a distance of five seconds", failedJustBefore, true, at("11T03:00"), at("11T03:00") + 4_000],
		["after which they run", failedJustBefore, true, at("11T03:00") + 4_000, run("Schedule")],
		["a clock that was set back a day holds up nothing", failed, false, at("10T02:00"), retry("Event")],
		["all waits for a run that was cut short", cut, true, at("11T03:29"), wait("11T03:30")],
		["which is made up for first", cut, true, at("11T03:30"), retry("Event")],
	] as const) {
		it(`after a failure: ${claim}`, () => {
			const plan = typeof expected === "number" ? { due: false, at: expected } : expected;
			assert.deepEqual(planDue(DAILY, history, hasEvent, now), plan);
		});
	}

	it("what runs once is due until it has begun, however that ended", () => {
		const once = { suspend: false, once: { afterMs: 0 } };
		assert.deepEqual(planDue(once, NEVER, false, at("11T03:00")), run("Request"));
		const late = { suspend: false, once: { afterMs: 600_000 } };
		assert.deepEqual(planDue(late, NEVER, false, at("11T03:00")), wait("11T03:10"));
		assert.deepEqual(planDue(late, since("11T03:00"), true, at("11T03:09")), wait("11T03:10"));
		assert.deepEqual(planDue(late, since("11T03:00"), false, at("11T03:10")), run("Request"));
		for (const history of [{}, { isCut: true }, { retry: failed.retry }, { since: at("01T00:00") }]) {
			const begun = { ...NEVER, hasRun: true, ...history };
			assert.deepEqual(planDue(once, begun, true, at("11T04:00")), wait(undefined));
			assert.deepEqual(planDue({ ...once, ...DAILY, requestedAt: "x" }, begun, true, at("11T04:00")), wait(undefined));
			assert.equal(nextRunAt(once, begun, at("11T04:00")), undefined);
		}
	});

	it("a request waits for nothing", () => {
		const timing = { ...DAILY, requestedAt: "x" };
		for (const history of [failed, cut, failedJustBefore]) {
			assert.deepEqual(planDue(timing, history, true, at("11T03:00")), run("Request"));
		}
	});

	it("events are put together for a while after a run", () => {
		const endedAt = at("10T12:00");
		assert.deepEqual(planDue(DAILY, { ...since("10T03:00"), endedAt }, true, endedAt + 1_000), {
			due: false,
			at: endedAt + 2_000,
		});
		assert.deepEqual(planDue(DAILY, { ...since("10T03:00"), endedAt }, true, endedAt + 2_000), run("Event"));
	});

	it("it is told when it will run next", () => {
		const timing = { ...DAILY, requestedAt: "x" };
		assert.equal(nextRunAt(timing, since("10T03:00"), at("10T12:00")), at("11T03:00"));
		assert.equal(nextRunAt(timing, since("10T03:00"), at("11T12:00")), at("11T12:00"), "it is due");
		assert.equal(nextRunAt({ ...timing, suspend: true }, since("10T03:00"), at("10T12:00")), undefined);
	});

	it("pauses double from half a minute to an hour", () => {
		assert.deepEqual([1, 2, 3, 8, 60].map(pauseAfterFailures), [30_000, 60_000, 120_000, 3_600_000, 3_600_000]);
	});
});
