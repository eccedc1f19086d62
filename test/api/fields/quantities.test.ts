import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { byteQuantity, quantityBytes, resourceQuantity } from "#/api/fields/quantities.ts";

test("an amount of bytes is what its unit says, rounded up", () => {
	const amounts: readonly (readonly [string | number, number])[] = [
		[0, 0],
		[1_234, 1_234],
		["1234", 1_234],
		["10Gi", 10 * 2 ** 30],
		["1.5Ki", 1_536],
		["0.1k", 100],
		["0.0001k", 1],
		["1.1", 2],
		["2M", 2_000_000],
		["3T", 3e12],
		["1Pi", 2 ** 50],
		["0010Mi", 10 * 2 ** 20],
		["8Pi", Number.MAX_SAFE_INTEGER],
		["9999999999999999Pi", Number.MAX_SAFE_INTEGER],
		[Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
	];
	for (const [amount, bytes] of amounts) {
		assert.deepEqual(byteQuantity.parse(amount), amount);
		assert.equal(quantityBytes(amount), bytes, String(amount));
	}
});

test("every amount that is let pass is a whole number of bytes", () => {
	const amount = fc.oneof(
		fc.stringMatching(/^[0-9]{1,16}(\.[0-9]{1,6})?(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/),
		fc.nat(Number.MAX_SAFE_INTEGER),
	);
	fc.assert(
		fc.property(amount, (given) => {
			assert.ok(byteQuantity.safeParse(given).success);
			assert.ok(Number.isSafeInteger(quantityBytes(given)));
		}),
	);
});

test("what is no amount is refused", () => {
	for (const given of ["", "Gi", "-1", -1, 1.5, "1 Gi", "1gi", "1e3", "1m", "1E", ".5Gi", "5.Gi", true, null]) {
		assert.equal(byteQuantity.safeParse(given).success, false, JSON.stringify(given));
	}
	assert.ok(resourceQuantity.safeParse("500m").success);
	assert.equal(resourceQuantity.safeParse("500x").success, false);
});
