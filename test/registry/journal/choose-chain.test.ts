import assert from "node:assert/strict";
import { test } from "node:test";
import { type Chain, chooseChain, type SegmentFile } from "#/registry/journal/choose-chain.ts";

/** `2b<1a:3` is segment 2 with hash b, following segment 1 with hash a, with 3 records. */
const file = (text: string): SegmentFile => {
	const [, number, hash, previous, records] = /^(\d+)(\w+)<\d+(\w*):(\d+)$/.exec(text) ?? [];
	return { key: text, number: Number(number), hash: hash ?? "", previous: previous ?? "", records: Number(records) };
};

const choose = (files: readonly string[], segment = 0, hash = ""): Record<keyof Chain, string[]> => {
	const { chain, superseded, loose } = chooseChain({ segment, hash }, files.map(file));
	const keys = (some: readonly SegmentFile[]): string[] => some.map(({ key }) => key);
	return { chain: keys(chain), superseded: keys(superseded), loose: keys(loose) };
};

test("an unbroken journal is taken whole, whatever the order it is found in", () => {
	assert.deepEqual(choose(["3c<2b:1", "1a<0:1", "2b<1a:1"]), {
		chain: ["1a<0:1", "2b<1a:1", "3c<2b:1"],
		superseded: [],
		loose: [],
	});
});

test("a segment without successors loses against the one that the next segment names, even with more records", () => {
	assert.deepEqual(choose(["1a<0:1", "2x<1a:9", "2b<1a:1", "3c<2b:1"]), {
		chain: ["1a<0:1", "2b<1a:1", "3c<2b:1"],
		superseded: ["2x<1a:9"],
		loose: [],
	});
});

test("at the end the segment with the most records is taken", () => {
	const { chain, superseded } = choose(["1a<0:1", "2x<1a:2", "2y<1a:5"]);
	assert.deepEqual(chain, ["1a<0:1", "2y<1a:5"]);
	assert.deepEqual(superseded, ["2x<1a:2"]);
});

test("the longer branch wins wherever the journal forked", () => {
	const { chain, superseded, loose } = choose(["1a<0:1", "2x<1a:1", "3z<2x:9", "2b<1a:1", "3c<2b:1", "4d<3c:1"]);
	assert.deepEqual(chain, ["1a<0:1", "2b<1a:1", "3c<2b:1", "4d<3c:1"]);
	assert.deepEqual(superseded, ["2x<1a:1"]);
	assert.deepEqual(loose, ["3z<2x:9"]);
});

test("after a snapshot only segments that follow it count", () => {
	assert.deepEqual(choose(["1a<0:1", "2b<1a:1", "3c<2b:1", "3x<2q:1"], 2, "b"), {
		chain: ["3c<2b:1"],
		superseded: [],
		loose: ["3x<2q:1"],
	});
});

test("what comes after a gap is loose", () => {
	assert.deepEqual(choose(["1a<0:1", "3c<2b:1", "4d<3c:1"]), {
		chain: ["1a<0:1"],
		superseded: [],
		loose: ["3c<2b:1", "4d<3c:1"],
	});
});

test("a hundred thousand segments are no trouble", () => {
	const files = Array.from({ length: 100_000 }, (_, i) => ({
		key: `${i + 1}`,
		number: i + 1,
		previous: i === 0 ? "" : `h${i}`,
		hash: `h${i + 1}`,
		records: 1,
	}));
	assert.equal(chooseChain({ segment: 0, hash: "" }, files).chain.length, 100_000);
});
