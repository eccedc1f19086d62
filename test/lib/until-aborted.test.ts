import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { untilAborted } from "#/lib/until-aborted.ts";

test("the work's outcome is the outcome, and nothing keeps listening", async () => {
	const { signal } = new AbortController();
	assert.equal(await untilAborted(signal, async () => 7), 7);
	const failure = new Error("it failed");
	await assert.rejects(
		untilAborted(signal, () => Promise.reject(failure)),
		(error: unknown) => error === failure,
	);
	assert.deepEqual(getEventListeners(signal, "abort"), []);
});

test("under an aborted signal the work is not started", async () => {
	const reason = new Error("too late");
	const rejected = untilAborted(AbortSignal.abort(reason), () => assert.fail("it was started"));
	await assert.rejects(rejected, (error: unknown) => error === reason);
});

test("aborting ends the wait at once, and what the work comes to later harms nobody", async () => {
	const controller = new AbortController();
	const work = Promise.withResolvers<never>();
	const waiting = untilAborted(controller.signal, () => work.promise);
	const reason = new Error("leaving");
	controller.abort(reason);
	await assert.rejects(waiting, (error: unknown) => error === reason);
	work.reject(new Error("nobody hears this"));
	await new Promise((resolve) => setImmediate(resolve));
});
