import assert from "node:assert/strict";
import { test } from "node:test";
import { covers } from "#/operator/registry/cluster/covers.ts";

test("An object has what is wanted whatever else it has, and not when any of that is missing or another", () => {
	const cases: readonly (readonly [present: unknown, wanted: unknown, is: boolean])[] = [
		[{ a: 1, b: 2 }, { a: 1 }, true],
		[{ b: 2 }, { a: 1 }, false],
		[{ a: { b: [{ c: 1, d: 2 }] } }, { a: { b: [{ c: 1 }] } }, true],
		[{ a: [1, 2] }, { a: [1] }, false],
		[{ a: [2, 1] }, { a: [1, 2] }, false],
		[{}, { a: [], b: {} }, true],
		[{ a: [1] }, { a: [] }, false],
		[{}, { a: false }, false],
		[{ a: null }, { a: {} }, false],
		[{ a: "x" }, { a: { b: 1 } }, false],
		[[{ uid: "1" }, { uid: "2", name: "x" }], [{ uid: "2" }], true],
		[[{ uid: "1" }], [{ uid: "2" }], false],
		[{ cpu: "1", memory: "1Gi" }, { cpu: "1000m", memory: "1024Mi" }, true],
		[{ cpu: "1" }, { cpu: 1 }, true],
		[{ cpu: "100m" }, { cpu: "0.1" }, true],
		[{ cpu: "1" }, { cpu: "1001m" }, false],
		[{ memory: "1G" }, { memory: "1Gi" }, false],
	];
	for (const [present, wanted, is] of cases) {
		assert.equal(covers(present, wanted), is, `${JSON.stringify(present)} covers ${JSON.stringify(wanted)}`);
	}
});
