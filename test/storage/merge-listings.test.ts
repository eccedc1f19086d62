import assert from "node:assert/strict";
import { test } from "node:test";
import { mergeListings } from "#/storage/merge-listings.ts";

async function* listing(keys: string, ended: () => void = () => undefined) {
	try {
		for (const key of keys) yield { key, size: 1 };
	} finally {
		ended();
	}
}

const merged = async (finished: string, staged: string): Promise<string> => {
	let text = "";
	for await (const object of mergeListings(listing(finished), listing(staged))) {
		text += object.staged ? `${object.key}*` : object.key;
	}
	return text;
};

test("two listings merge by key, the finished object first where both have one", async () => {
	assert.equal(await merged("", ""), "");
	assert.equal(await merged("abc", ""), "abc");
	assert.equal(await merged("", "abc"), "a*b*c*");
	assert.equal(await merged("bd", "abce"), "a*bb*c*de*");
	assert.equal(await merged("xyz", "ab"), "a*b*xyz");
});

test("leaving a merged listing ends both", async () => {
	let ended = 0;
	for await (const _ of mergeListings(
		listing("abc", () => ended++),
		listing("abc", () => ended++),
	)) {
		break;
	}
	assert.equal(ended, 2);
});
