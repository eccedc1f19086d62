import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunningHere } from "#/app/run-alone.ts";
import { PatientStart } from "#/app/standalone/patient-start.ts";
import { openControlPlane, openQuickState } from "../../support/control-planes.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualTiming } from "../../support/manual-timing.ts";

/** A start that ends as a test says, with what becomes of it. */
const open = async (stack: AsyncDisposableStack) => {
	const { control } = stack.use(await openControlPlane(await openQuickState()));
	const seen = { stopped: 0, changes: 0, signals: [] as AbortSignal[] };
	const running: RunningHere = {
		control,
		[Symbol.asyncDispose]: async () => {
			seen.stopped += 1;
		},
	};
	const tries: PromiseWithResolvers<RunningHere>[] = [];
	const timing = new ManualTiming();
	const start = new PatientStart({
		fingerprint: "f",
		url: "http://127.0.0.1:5080",
		start: (signal) => {
			const attempt = Promise.withResolvers<RunningHere>();
			signal.addEventListener("abort", () => attempt.reject(signal.reason), { once: true });
			seen.signals.push(signal);
			tries.push(attempt);
			return attempt.promise;
		},
		changed: () => {
			seen.changes += 1;
		},
		timing,
	});
	stack.use(start);
	return { start, seen, running, tries, timing };
};

test("a registry that takes hours to start is nothing that anybody waits for", async () => {
	await using stack = new AsyncDisposableStack();
	const { start, seen, running, tries } = await open(stack);
	assert.equal(start.running, undefined);
	tries[0]?.resolve(running);
	await eventually(() => assert.ok(seen.changes === 1));
	assert.equal(start.running, running);
	assert.equal(tries.length, 1);
});

test("one that failed says why, and is tried again after a while", async () => {
	await using stack = new AsyncDisposableStack();
	const { start, seen, running, tries, timing } = await open(stack);
	tries[0]?.reject(new Error("the archive was changed"));
	await eventually(() => assert.ok(timing.sleeping === 1));
	assert.match(String(start.failure), /the archive was changed/);
	assert.deepEqual([seen.changes, tries.length], [1, 1]);
	await timing.advance(60_000);
	await eventually(() => assert.ok(tries.length === 2));
	assert.match(String(start.failure), /the archive was changed/);
	tries[1]?.resolve(running);
	await eventually(() => assert.ok(start.running === running));
});

test("one that is wanted no more is ended in the midst of it, or stopped", async () => {
	await using stack = new AsyncDisposableStack();
	const early = await open(stack);
	await early.start[Symbol.asyncDispose]();
	assert.equal(early.seen.signals[0]?.aborted, true);
	assert.deepEqual([early.seen.changes, early.seen.stopped, early.tries.length], [0, 0, 1]);
	const late = await open(stack);
	late.tries[0]?.resolve(late.running);
	await eventually(() => assert.ok(late.start.running === late.running));
	await late.start[Symbol.asyncDispose]();
	assert.equal(late.seen.stopped, 1);
});
