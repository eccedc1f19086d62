import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseAfter, planCollection } from "#/features/gc/plan.ts";

const DAY = 86_400_000;

test("nothing is collected elsewhere, nor before a whole delay has passed since a jump of the clock", () => {
	const facts = { quietMs: Number.POSITIVE_INFINITY, delayMs: DAY, hasLease: true };
	assert.equal(planCollection(facts), "collect");
	assert.equal(planCollection({ ...facts, hasLease: false }), "elsewhere");
	assert.equal(planCollection({ ...facts, quietMs: DAY - 1 }), "suspended");
	assert.equal(planCollection({ ...facts, quietMs: 0, hasLease: false }), "elsewhere");
	assert.equal(planCollection({ ...facts, quietMs: DAY }), "collect");
});

test("a batch is followed by what is left of the time that its reviews may take", () => {
	assert.equal(pauseAfter(100, 0, 1000), 100);
	assert.equal(pauseAfter(100, 30, 1000), 70);
	assert.equal(pauseAfter(100, 500, 1000), 0);
	assert.equal(pauseAfter(0, 0, 1000), 0);
});
