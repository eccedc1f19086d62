import assert from "node:assert/strict";
import { it } from "node:test";
import { type ClockLook, TrustedClock } from "#/features/retention/trusted-clock.ts";

const openClock = (jumpedAt: number | undefined) => {
	const state = { now: 1_000_000, jumpedAt, fails: 0 };
	const look = async (): Promise<ClockLook> => {
		if (state.fails-- > 0) throw new Error("away");
		const { now } = state;
		return { now, quietMs: state.jumpedAt === undefined ? Number.POSITIVE_INFINITY : now - state.jumpedAt };
	};
	return { state, clock: new TrustedClock({ look }) };
};

for (const before of [undefined, 999_000]) {
	it(`a jump ${before === undefined ? "is noticed" : "before the first look counts for nothing, one after it does"}`, async () => {
		const { state, clock } = openClock(before);
		assert.deepEqual(await clock.look(), { now: 1_000_000, quietMs: Number.POSITIVE_INFINITY });
		state.now += 5_000;
		assert.deepEqual(await clock.look(), { now: 1_005_000, quietMs: Number.POSITIVE_INFINITY });
		state.jumpedAt = 1_004_000;
		assert.deepEqual(await clock.look(), { now: 1_005_000, quietMs: 1_000 });
	});
}

it("a first look that fails is made again", async () => {
	const { state, clock } = openClock(999_000);
	state.fails = 1;
	await assert.rejects(clock.look(), /away/);
	assert.equal((await clock.look()).quietMs, Number.POSITIVE_INFINITY);
});
