import assert from "node:assert/strict";
import { test } from "node:test";
import { holdLease } from "#/jobs/hold-lease.ts";
import { eventually } from "../support/eventually.ts";

const LEASE_MS = 60;

/** Leases of a table that nobody else uses, over a clock that the test sets. */
const openLeases = () => {
	const state = { now: 0, isAway: false, asked: 0, last: Number.NaN };
	const outbox = {
		lease: async (_name: string, _holder: string, leaseMs: number): Promise<number> => {
			state.asked += 1;
			if (state.isAway) throw new Error("away");
			state.last = leaseMs;
			return 1;
		},
	};
	const clock = { monotonic: () => state.now };
	/** Resolves when it was renewed, or that was tried, so many times more. */
	const asked = async (times: number): Promise<void> => {
		const wanted = state.asked + times;
		await eventually(() => assert.ok(state.asked >= wanted));
	};
	return { state, asked, hold: () => holdLease({ outbox, holder: "me", clock }, "job", LEASE_MS) };
};

test("a lease is renewed while it is held, and let go", async () => {
	const { state, asked, hold } = openLeases();
	const lease = (await hold()) ?? assert.fail();
	for (let i = 0; i < 3; i++) {
		state.now += LEASE_MS - 1;
		await asked(2);
	}
	assert.equal(lease.lost.aborted, false);
	assert.equal(state.last, LEASE_MS);
	await lease[Symbol.asyncDispose]();
	assert.equal(state.last, 0);
});

test("a lease that had run out before it was renewed is lost, though nobody took it meanwhile", async () => {
	const { state, hold } = openLeases();
	await using lease = await hold();
	assert.ok(lease !== undefined);
	// The process stood still.
	state.now += LEASE_MS;
	await eventually(() => assert.ok(lease.lost.aborted));
});

test("a database that is away costs a lease as soon as that has run out, and not before", async () => {
	const { state, asked, hold } = openLeases();
	await using lease = await hold();
	assert.ok(lease !== undefined);
	state.isAway = true;
	state.now += LEASE_MS - 1;
	await asked(3);
	assert.equal(lease.lost.aborted, false);
	state.now += 1;
	await eventually(() => assert.ok(lease.lost.aborted));
});
