import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Refused } from "#/metadata/refusal.ts";
import { LeaseKeeper, LeaseLostError } from "#/registry/uploads/lease-keeper.ts";
import { ManualClock } from "../../support/manual-clock.ts";

const keep = (
	answers: (boolean | Refused | Error)[],
	opts: { readonly extendMs?: number } = {},
): { readonly keeper: LeaseKeeper; readonly clock: ManualClock; readonly asked: () => number } => {
	const clock = new ManualClock();
	let asked = 0;
	const extend = async (): Promise<boolean | Refused> => {
		asked += 1;
		const answer = answers.shift() ?? true;
		if (answer instanceof Error) throw answer;
		return answer;
	};
	const deps = { extend, clock, leaseMs: 30_000, extendMs: opts.extendMs ?? 1_000_000 };
	return { keeper: new LeaseKeeper(deps, clock.monotonic()), clock, asked: () => asked };
};

test("a fresh lease needs no renewal", () => {
	const { keeper, clock, asked } = keep([]);
	using _ = keeper;
	clock.advance(19_999);
	assert.equal(keeper.ensure(), undefined);
	assert.equal(asked(), 0);
});

test("a lease in its last third is renewed before the next write", async () => {
	const { keeper, clock, asked } = keep([true]);
	using _ = keeper;
	clock.advance(20_000);
	await keeper.ensure();
	assert.equal(asked(), 1);
	clock.advance(19_999);
	assert.equal(keeper.ensure(), undefined);
});

test("a lost lease stays lost and lets nothing be written", async () => {
	const { keeper, clock, asked } = keep([false]);
	using _ = keeper;
	clock.advance(40_000);
	await assert.rejects(async () => keeper.ensure(), LeaseLostError);
	await assert.rejects(async () => keeper.ensure(), LeaseLostError);
	await assert.rejects(
		keeper.during(async () => assert.fail("ran without a lease")),
		LeaseLostError,
	);
	assert.equal(asked(), 1);
});

test("with metadata away writing goes on as long as the lease lasts, and no longer", async () => {
	const away = new Error("away");
	const { keeper, clock } = keep([away, away]);
	using _ = keeper;
	clock.advance(25_000);
	await keeper.ensure();
	clock.advance(5_000);
	await assert.rejects(async () => keeper.ensure(), away);
});

test("the timer renews while bytes flow or the store works, and stops for a stalled request", async () => {
	const { keeper, asked } = keep([], { extendMs: 5 });
	using _ = keeper;
	await sleep(30);
	assert.equal(asked(), 0, "nothing flowed yet");
	await keeper.during(() => sleep(60));
	const afterWork = asked();
	assert.ok(afterWork >= 2, `renewed ${afterWork} times during the work`);
	await sleep(20);
	const stalled = asked();
	await sleep(40);
	assert.equal(asked(), stalled);
});

test("an upload that may not go on lets nothing more be written, and says why", async () => {
	const { keeper, clock } = keep([{ refused: { reason: "guarded", guard: "quota", message: "full" } }]);
	using _ = keeper;
	clock.advance(20_000);
	const denied = { code: "DENIED", message: "full" };
	await assert.rejects(async () => keeper.ensure(1), denied);
	await assert.rejects(async () => keeper.ensure(2), denied);
});
