import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { getHeapSpaceStatistics } from "node:v8";
import { collectGarbage, keepHeapLean } from "#/app/operator/lean-heap.ts";

const LIVE = 300_000;
const ROUNDS = 60;
const OF_A_ROUND = 20_000;

/** Bytes of what has lived for a while, and of its garbage. */
const oldBytes = (): number =>
	getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space")?.space_used_size ?? 0;

const newObject = (i: number) => ({ number: i, text: `text ${i}`, list: [i] });

test("while work goes on, garbage is not much more than a third of what lives", async () => {
	const live = Array.from({ length: LIVE }, (_, i) => newObject(i));
	keepHeapLean();
	collectGarbage();
	const living = oldBytes();
	// What lives for some rounds becomes garbage of the kind that nobody looks for unless there is much of it.
	const passing: object[] = [];
	let most = 0;
	for (let i = 0; i < ROUNDS * OF_A_ROUND; i++) {
		passing[i % (2 * OF_A_ROUND)] = newObject(i);
		if (i % 5_000 === 0) most = Math.max(most, oldBytes());
		if (i % OF_A_ROUND === 0) await sleep(1);
	}
	assert.ok(live.length + passing.length > LIVE);
	assert.ok(most < 2.5 * living, `${most} bytes where ${living} live`);
});
