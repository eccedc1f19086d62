import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergeSorted } from "#/registry/merge-sorted.ts";

async function* stream(keys: readonly string[]): AsyncGenerator<{ readonly key: string }> {
	for (const key of keys) yield { key };
}

test("every key comes once, in order, with what each side has", async () => {
	const keys = fc.uniqueArray(fc.string({ unit: fc.constantFrom("a", "b", "/", "0"), maxLength: 4 }), {
		maxLength: 12,
	});
	await fc.assert(
		fc.asyncProperty(keys, keys, async (left, right) => {
			const pairs = [];
			for await (const pair of mergeSorted(stream(left.toSorted()), stream(right.toSorted()))) pairs.push(pair);
			assert.deepEqual(
				pairs.map(({ key }) => key),
				[...new Set([...left, ...right])].sort(),
			);
			for (const pair of pairs) {
				assert.equal(pair.left?.key, left.includes(pair.key) ? pair.key : undefined);
				assert.equal(pair.right?.key, right.includes(pair.key) ? pair.key : undefined);
			}
		}),
	);
});
