import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { afterRun, NOTHING_KNOWN } from "#/features/replication/known-changes.ts";
import type { ReplicationState } from "#/features/replication/replication-state.ts";

const MINUTE = 60_000;
const STATE: ReplicationState = { other: "Push https://a.example", firstRunAt: 0, since: 10 * MINUTE, full: 1 };
const EVENT = { generation: 1, isFull: false, isRetry: false, isDone: true };
const changes = (since: number, ...seen: readonly (readonly [string, number])[]) => ({ since, seen: new Map(seen) });

describe("what is known of changes after a run", () => {
	const a = ["p/a", 11 * MINUTE] as const;
	const b = ["p/b", 20 * MINUTE] as const;
	const c = ["p/c", 30 * MINUTE] as const;
	const failed = afterRun(NOTHING_KNOWN, STATE, { ...EVENT, isDone: false, changes: changes(11 * MINUTE, a) });
	const state = { ...STATE, tried: 11 * MINUTE };

	it("what went well is done with, and what is found again is told apart", () => {
		const after = afterRun(NOTHING_KNOWN, STATE, { ...EVENT, changes: changes(20 * MINUTE, a, b) });
		assert.deepEqual(after, { since: 20 * MINUTE, known: { generation: 1, seen: new Map([b]), handled: new Map() } });
	});

	it("what failed is a range that waits, and nothing new", () => {
		const known = { generation: 1, seen: new Map([a]), handled: new Map() };
		assert.deepEqual(failed, { since: 10 * MINUTE, tried: 11 * MINUTE, known });
	});

	it("what goes well meanwhile is left out when it is tried again, but what failed is not", () => {
		const after = afterRun(failed.known, state, { ...EVENT, changes: changes(20 * MINUTE, a, b) });
		assert.deepEqual([after.since, after.tried], [10 * MINUTE, 20 * MINUTE]);
		assert.deepEqual([after.known.handled, after.known.seen], [new Map([b]), new Map([b])]);
	});

	it("a run that tries again and ends early takes nothing back of what was tried", () => {
		const later = { ...state, tried: 20 * MINUTE };
		const known = { ...failed.known, seen: new Map([b]), handled: new Map([b]) };
		const run = { ...EVENT, isRetry: true, isDone: false, changes: changes(11 * MINUTE, a) };
		assert.deepEqual(afterRun(known, later, run), { since: 10 * MINUTE, tried: 20 * MINUTE, known });
	});

	it("and one that goes well leaves nothing to wait", () => {
		const run = { ...EVENT, isRetry: true, changes: changes(30 * MINUTE, a, c) };
		const known = { generation: 1, seen: new Map([c]), handled: new Map() };
		assert.deepEqual(afterRun(failed.known, state, run), { since: 30 * MINUTE, known });
	});

	it("a run about everything needs no range, for what tries again after it is about everything too", () => {
		for (const isDone of [true, false]) {
			const after = afterRun(failed.known, state, { ...EVENT, isFull: true, isDone, changes: changes(30 * MINUTE, c) });
			assert.deepEqual([after.since, after.tried], [30 * MINUTE, undefined]);
		}
	});

	it("no more than ten thousand are kept in mind of what went well meanwhile", () => {
		const many = Array.from({ length: 15_000 }, (_, i) => [`p/r${i}`, 20 * MINUTE + i] as const);
		const { known } = afterRun(failed.known, state, { ...EVENT, changes: changes(21 * MINUTE, ...many) });
		assert.deepEqual([known.handled.size, known.handled.has("p/r14999")], [10_000, true]);
	});
});
