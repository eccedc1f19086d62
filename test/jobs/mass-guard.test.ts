import assert from "node:assert/strict";
import { test } from "node:test";
import { allowance } from "#/jobs/mass-guard.ts";

for (const [claim, guard, count, expected] of [
	["a share may go", { maxShare: 25, minimum: 10 }, 100, 25],
	["which is rounded down", { maxShare: 25, minimum: 10 }, 103, 25],
	["always fewer than the minimum may", { maxShare: 25, minimum: 10 }, 8, 9],
	["no share of a few is nothing", { maxShare: 25, minimum: 0 }, 3, 0],
	["nothing of nothing may", { maxShare: 100, minimum: 0 }, 0, 0],
	["all of it may where the share is the whole", { maxShare: 100, minimum: 20 }, 12_345, 12_345],
] as const) {
	test(`of ${count}, ${guard.maxShare} % and ${guard.minimum}: ${claim}`, () => {
		assert.equal(allowance(guard, count), expected);
	});
}
