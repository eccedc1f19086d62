import assert from "node:assert/strict";
import { test } from "node:test";
import type { ObjectStat } from "#/storage/blob-store.ts";
import { groupStaged, stagedName } from "#/storage/staged-names.ts";

const group = async (objects: readonly ObjectStat[]): Promise<string[]> => {
	async function* source(): AsyncGenerator<ObjectStat> {
		yield* [...objects].sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
	}
	const listed: string[] = [];
	for await (const { key, size, staged } of groupStaged(source())) listed.push(`${key} ${size}${staged ? "*" : ""}`);
	return listed;
};

test("the parts of a key are one staged object, right behind the finished one and before every other key", async () => {
	const objects = [
		{ key: "a", size: 1 },
		{ key: stagedName("a", "1"), size: 10 },
		{ key: stagedName("a", "2"), size: 20 },
		{ key: "a-", size: 2 },
		{ key: "a.b", size: 3 },
		{ key: stagedName("a/b", "1"), size: 40 },
		{ key: "a0", size: 4 },
		{ key: stagedName("b", "1"), size: 50 },
	];
	assert.deepEqual(await group(objects), ["a 1", "a 30*", "a- 2", "a.b 3", "a/b 40*", "a0 4", "b 50*"]);
});

test("what others keep beside is left out", async () => {
	const objects = [
		{ key: "folder/", size: 0 },
		{ key: "ü", size: 1 },
		{ key: "!x", size: 2 },
		{ key: "ok", size: 3 },
	];
	assert.deepEqual(await group(objects), ["ok 3"]);
});
