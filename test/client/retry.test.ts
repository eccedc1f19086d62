import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import { parseRetryAfter, Retry, retrying } from "#/client/retry.ts";
import { TransientError } from "#/client/transient-error.ts";
import { impatient } from "../support/remote.ts";

const { signal } = new AbortController();
const failure = (retryAfterMs?: number): TransientError => new TransientError("FAILED", "not now", { retryAfterMs });

test("what may pass is tried again, with waits that double and differ, up to a bound", async () => {
	const waited: number[] = [];
	let tries = 0;
	const timing = { ...impatient(waited), random: () => 0.5 };
	const retry = new Retry(timing, { tries: 6, firstMs: 100, longestMs: 500 });
	const attempt = async (): Promise<never> => {
		tries++;
		throw failure();
	};
	await assert.rejects(retrying(retry, attempt, signal), { code: "FAILED", message: "not now" });
	assert.equal(tries, 6);
	assert.deepEqual(waited, [75, 150, 300, 375, 375]);
});

test("what will not pass is thrown at once", async () => {
	const waited: number[] = [];
	const retry = new Retry(impatient(waited), {});
	const attempt = () => Promise.reject(new RemoteError("REFUSED", "no"));
	await assert.rejects(retrying(retry, attempt, signal), { code: "REFUSED" });
	assert.deepEqual(waited, []);
});

test("who asks for patience is not asked again earlier, and not waited for too long", async () => {
	const waited: number[] = [];
	const timing = { ...impatient(waited), random: () => 0 };
	const retry = new Retry(timing, { firstMs: 100, patienceMs: 5_000 });
	await retry.afterFailure(failure(4_000), signal);
	assert.deepEqual(waited, [4_050]);
	await assert.rejects(retry.afterFailure(failure(5_001), signal), { message: "not now" });
});

test("progress makes up for failures", async () => {
	const retry = new Retry(impatient(), { tries: 2 });
	for (let i = 0; i < 10; i++) {
		await retry.afterFailure(failure(), signal);
		retry.progress();
	}
	await retry.afterFailure(failure(), signal);
	await assert.rejects(retry.afterFailure(failure(), signal));
});

test("the end of the signal ends the wait", async () => {
	const ended = new AbortController();
	ended.abort(new Error("enough"));
	await assert.rejects(new Retry(impatient(), {}).afterFailure(failure(), ended.signal), /enough/);
});

test("Retry-After is read as seconds and as a date", () => {
	const now = Date.UTC(2026, 0, 1);
	assert.equal(parseRetryAfter("7", now), 7_000);
	assert.equal(parseRetryAfter("Thu, 01 Jan 2026 00:00:09 GMT", now), 9_000);
	assert.equal(parseRetryAfter("Wed, 31 Dec 2025 00:00:00 GMT", now), 0);
	assert.equal(parseRetryAfter("soon", now), undefined);
	assert.equal(parseRetryAfter(undefined, now), undefined);
});
