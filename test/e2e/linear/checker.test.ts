import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkHistory, type TagOperation } from "../../support/linear-checker.ts";
import { ABSENT, applyToTag, type TagAction, type TagResult } from "../../support/linear-register.ts";
import { pick, type Random, randomBelow, seededRandom } from "../../support/seeded-random.ts";

const op = (start: number, end: number, action: TagAction, result: TagResult | undefined): TagOperation => ({
	client: 0,
	action,
	result,
	start,
	end,
});
const read: TagAction = { kind: "read" };
const is = (value: string): TagResult => ({ kind: "is", value });
const moved = (value: string): TagResult => ({ kind: "moved", value });
const refused = (value: string): TagResult => ({ kind: "refused", value });
const put = (digest: string, condition: { ifMatch?: string; ifNoneMatch?: "*" } = {}): TagAction => ({
	kind: "put",
	digest,
	...condition,
});
const verdict = (...history: readonly TagOperation[]): boolean => checkHistory(history, ABSENT).linearizable;

describe("the checker of histories rejects", () => {
	test("a stale read", () => {
		const history = [op(0, 1, put("a"), moved("a")), op(2, 3, put("b"), moved("b")), op(4, 5, read, is("a"))];
		const found = checkHistory(history, ABSENT);
		assert.ok(!found.linearizable);
		assert.equal(found.operation, history[2]);
		assert.deepEqual(found.before, ["b"]);
	});

	test("a read that goes back during a write", () => {
		assert.equal(verdict(op(0, 9, put("a"), moved("a")), op(1, 2, read, is("a")), op(3, 4, read, is(ABSENT))), false);
	});

	test("an update lost by two moves from the same digest", () => {
		const [first, second] = [put("b", { ifMatch: "a" }), put("c", { ifMatch: "a" })];
		assert.equal(
			verdict(op(0, 1, put("a"), moved("a")), op(2, 5, first, moved("b")), op(3, 6, second, moved("c"))),
			false,
		);
	});

	test("a tag that is made twice", () => {
		const [first, second] = [put("a", { ifNoneMatch: "*" }), put("b", { ifNoneMatch: "*" })];
		assert.equal(verdict(op(0, 4, first, moved("a")), op(1, 5, second, moved("b"))), false);
	});

	test("a tag that is deleted twice", () => {
		const removed: TagResult = { kind: "removed", value: ABSENT };
		const history = [op(2, 5, { kind: "delete" }, removed), op(3, 6, { kind: "delete" }, removed)];
		assert.equal(verdict(op(0, 1, put("a"), moved("a")), ...history), false);
	});

	test("a refusal that names what the tag no longer was", () => {
		const late = op(4, 5, put("c", { ifMatch: "c" }), refused("a"));
		assert.equal(verdict(op(0, 1, put("a"), moved("a")), op(2, 3, put("b"), moved("b")), late), false);
	});

	test("a refusal without a reason", () => {
		assert.equal(verdict(op(0, 1, put("a"), moved("a")), op(2, 3, put("b", { ifMatch: "a" }), refused("a"))), false);
	});

	test("a write without an answer that takes effect twice", () => {
		const between = op(4, 5, put("b"), moved("b"));
		assert.equal(
			verdict(op(0, 1, put("a"), undefined), op(2, 3, read, is("a")), between, op(6, 7, read, is("a"))),
			false,
		);
	});

	test("a write without an answer that takes effect after it was over", () => {
		const late = { ...op(0, 1, put("a"), undefined), over: 4 };
		assert.equal(verdict(late, op(2, 5, read, is(ABSENT)), op(6, 7, read, is("a"))), true, "just before");
		assert.equal(verdict(late, op(5, 6, read, is(ABSENT)), op(7, 8, read, is("a"))), false);
	});
});

describe("the checker of histories accepts", () => {
	test("what overlaps in any order that explains it", () => {
		const history = [
			op(0, 9, put("a", { ifNoneMatch: "*" }), moved("a")),
			op(1, 8, put("b", { ifNoneMatch: "*" }), refused("c")),
			op(2, 7, put("c", { ifMatch: "a" }), moved("c")),
			op(3, 4, read, is(ABSENT)),
			op(5, 6, read, is("a")),
		];
		const found = checkHistory(history, ABSENT);
		assert.ok(found.linearizable);
		assert.deepEqual([...found.values], ["c"]);
	});

	test("a write without an answer that takes effect late, and one that never does", () => {
		const history = [op(0, 1, put("a"), undefined), op(2, 3, read, is(ABSENT)), op(4, 5, read, is("a"))];
		assert.equal(verdict(...history), true);
		const found = checkHistory(history.slice(0, 2), ABSENT);
		assert.ok(found.linearizable);
		assert.deepEqual([...found.values].sort(), ["a", ABSENT]);
	});

	test("a write without an answer that never takes effect before it is over, or does", () => {
		const unknown = { ...op(0, 1, put("a"), undefined), over: 4 };
		for (const value of ["a", ABSENT]) assert.equal(verdict(unknown, op(5, 6, read, is(value))), true);
		const found = checkHistory([unknown], ABSENT);
		assert.ok(found.linearizable);
		assert.deepEqual([...found.values].sort(), ["a", ABSENT]);
	});
});

test("the checker of histories needs no time for changes of which nobody knows what became", () => {
	// Of 60 changes any may have taken effect: more choices than could be tried one by one.
	const digests = ["a", "b", "c", "d", "e", "f"];
	const unknown = Array.from({ length: 60 }, (_, i) => op(i, i, put(digests[i % 6] ?? "a"), undefined));
	const reads = Array.from({ length: 120 }, (_, i) => op(100 + i, 100.5 + i, read, is(digests[(i >> 1) % 6] ?? "a")));
	assert.equal(verdict(...unknown, ...reads), true, "each read is of a change that was there to be spent");
	assert.equal(verdict(...unknown, ...reads, op(300, 301, read, is("a"))), false, "all were spent");
});

const actionOf = (random: Random): TagAction => {
	const digest = pick(random, ["a", "b"]);
	const ifMatch = pick(random, ["a", "b"]);
	return pick<TagAction>(random, [
		read,
		read,
		put(digest),
		put(digest, { ifMatch }),
		put(digest, { ifNoneMatch: "*" }),
		{ kind: "delete" },
		{ kind: "delete", ifMatch },
	]);
};

/** Some operations that overlap, done one after another in the order of their starts, a few answers of which are wrong. */
const randomHistory = (random: Random): readonly TagOperation[] => {
	let value = ABSENT;
	return Array.from({ length: 2 + randomBelow(random, 4) }, (_, start) => {
		const action = actionOf(random);
		const { result, next } = applyToTag(value, action);
		value = next;
		const end = start + 0.5 + randomBelow(random, 4);
		if (random() < 0.15) return op(start, end, action, undefined);
		if (random() < 0.2) return { ...op(start, end, action, undefined), over: end };
		if (random() < 0.2) return op(start, end, action, { ...result, value: pick(random, ["a", "b", ABSENT]) });
		return op(start, end, action, result);
	});
};

/** Tries every order of every choice of what took effect. `time`: the earliest at which the next one can. */
const isExplained = (left: readonly TagOperation[], value: string, time = 0): boolean => {
	if (left.every(({ result }) => result === undefined)) return true;
	return left.some((operation) => {
		const { action, result: seen, start, end, over = Number.POSITIVE_INFINITY } = operation;
		const at = Math.max(time, start);
		if (at > (seen === undefined ? over : end)) return false;
		const { result, next } = applyToTag(value, action);
		if (seen !== undefined && (seen.kind !== result.kind || seen.value !== result.value)) return false;
		return isExplained(
			left.filter((other) => other !== operation),
			next,
			at,
		);
	});
};

test("the checker of histories agrees with trying every order", () => {
	const random = seededRandom(Number(process.env.SEED ?? 1));
	const counts = { accepted: 0, rejected: 0 };
	for (let i = 0; i < 5_000; i++) {
		const history = randomHistory(random);
		const expected = isExplained(history, ABSENT);
		assert.equal(checkHistory(history, ABSENT).linearizable, expected, JSON.stringify(history));
		counts[expected ? "accepted" : "rejected"] += 1;
	}
	assert.ok(counts.accepted > 500 && counts.rejected > 500, JSON.stringify(counts));
});
