import assert from "node:assert/strict";
import { test } from "node:test";
import { BackOff } from "#/kube/back-off.ts";

const open = (chance: number) => {
	let now = 0;
	const backOff = new BackOff({ monotonic: () => now, random: () => chance });
	/** Fails, waits as told, and fails again after `healthyMs`. */
	return (healthyMs = 0): number => {
		now += healthyMs;
		const ms = backOff.next();
		now += ms;
		return ms;
	};
};

const table = [
	{ chance: 0, waits: [800, 800, 800, 800, 800, 800, 800] },
	{ chance: 0.5, waits: [1200, 2000, 3600, 6800, 13_200, 15_400, 15_400] },
	{ chance: 1, waits: [1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000] },
] as const;

for (const { chance, waits } of table) {
	test(`waits stay between 0.8 and 30 seconds where chance is ${chance}`, () => {
		const next = open(chance);
		assert.deepEqual(
			waits.map(() => next()),
			waits,
		);
	});
}

test("two healthy minutes let it begin anew, and nothing less", () => {
	const next = open(1);
	for (let i = 0; i < 6; i++) next();
	assert.equal(next(119_999), 30_000);
	assert.equal(next(120_000), 1600);
	assert.equal(next(), 3200);
});
