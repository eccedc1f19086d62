import assert from "node:assert/strict";
import { test } from "node:test";
import { BlobSource } from "#/client/blob-source.ts";
import { bytesOf } from "../support/remote.ts";

const { signal } = new AbortController();
const content = Buffer.from("0123456789");

test("pieces of any size come from one reading as long as they follow one another", async () => {
	const opened: number[] = [];
	await using source = new BlobSource(async (offset) => {
		opened.push(offset);
		return (async function* () {
			for (let at = offset; at < content.length; at += 4) yield content.subarray(at, at + 4);
		})();
	}, signal);
	assert.equal(String(await bytesOf(source.take(0, 3))), "012");
	assert.equal(String(await bytesOf(source.take(3, 6))), "345678");
	assert.equal(String(await bytesOf(source.take(2, 4))), "2345");
	assert.equal(String(await bytesOf(source.take(6, 4))), "6789");
	assert.deepEqual(opened, [0, 2]);
});

test("a piece that is still waited for takes no bytes of the one that is asked for in its place", async () => {
	const { promise: held, resolve } = Promise.withResolvers<void>();
	let opened = 0;
	await using source = new BlobSource(async (offset) => {
		opened++;
		const mustWait = opened === 1;
		return (async function* () {
			if (mustWait) await held;
			yield content.subarray(offset, 5);
			yield content.subarray(5);
		})();
	}, signal);
	const stuck = source.take(0, 10).next();
	await new Promise(setImmediate);
	const whole = bytesOf(source.take(0, 10));
	await new Promise(setImmediate);
	resolve();
	assert.equal(String(await whole), "0123456789");
	await stuck;
	assert.equal(opened, 2);
});
