import assert from "node:assert/strict";
import { test } from "node:test";
import { partIds } from "#/storage/part-id.ts";
import { formatPartedState, parsePartedState } from "#/storage/parted-state.ts";
import { StoreError } from "#/storage/store-error.ts";

const next = partIds("writer");
const [first, second] = [next(), next()];

test("a state comes back through JSON as it was", () => {
	for (const parts of [
		[{ id: first, size: 0 }],
		[
			{ id: first, size: 5 },
			{ id: second, size: 7 },
		],
	]) {
		const state = { offset: parts.reduce((sum, { size }) => sum + size, 0), parts };
		assert.deepEqual(parsePartedState(JSON.parse(JSON.stringify(formatPartedState(state)))), state);
	}
});

test("a state that no writer gave is taken for one whose parts are gone", () => {
	const states = [
		{},
		{ offset: 0, parts: [] },
		{ offset: 4, parts: [[first, 5]] },
		{ offset: 5, parts: [[first, 5], "x"] },
		{ offset: 5, parts: [["../../x", 5]] },
		{ offset: -1, parts: [[first, -1]] },
		{ offset: 0.5, parts: [[first, 0.5]] },
		{ offset: "5", parts: [[first, 5]] },
		{ offset: 5, etags: [], partSize: 5, tail: { id: "t", size: 5, sha256: "" } },
	];
	for (const state of states) {
		assert.throws(
			() => parsePartedState(state),
			(error) => error instanceof StoreError && error.code === "NOT_FOUND",
			JSON.stringify(state),
		);
	}
});
