import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObservedResource } from "#/control/control.ts";
import { observeAll } from "#/control/observe-all.ts";
import { soon } from "../conformance/control/bench.ts";

const observation = (cursor: number): ObservedResource => ({
	kind: "User",
	uid: `u${cursor}`,
	generation: 1,
	ready: true,
	reason: "Applied",
	message: "",
	cursor,
	deleted: false,
});

test("all observations after the cursor come, page by page, until there are no more", async () => {
	const asked: number[] = [];
	const observe = async ({ cursor, limit }: { cursor: number; limit: number }) => {
		asked.push(cursor);
		const next = Array.from({ length: Math.max(0, Math.min(limit, 1_203 - cursor)) }, (_, i) =>
			observation(cursor + i + 1),
		);
		return { changes: next, cursor: next.at(-1)?.cursor ?? cursor };
	};
	const cursors: number[] = [];
	for await (const { cursor } of observeAll({ observe }, 3, soon())) cursors.push(cursor);
	assert.deepEqual(
		cursors,
		Array.from({ length: 1_200 }, (_, i) => i + 4),
	);
	assert.deepEqual(asked, [3, 503, 1_003, 1_203]);
});
