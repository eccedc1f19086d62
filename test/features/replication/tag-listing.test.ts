import assert from "node:assert/strict";
import { test } from "node:test";
import { RemoteError } from "#/client/remote-error.ts";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import { TagListing } from "#/features/replication/tag-listing.ts";
import { digestOf } from "#/oci/digest.ts";

const { signal } = new AbortController();

const named = (tag: string): TaggedDigest => ({ tag, digest: digestOf(Buffer.from(tag)) });
const tagsFrom = (from: number, count: number): readonly string[] =>
	Array.from({ length: count }, (_, i) => `t${String(from + i).padStart(5, "0")}`);

/** A listing of these pages, how many of them were read, and what it failed with. */
const listingOf = (pages: readonly (readonly string[])[], end?: Error) => {
	const seen = { opened: 0, read: 0, failures: [] as string[] };
	async function* read(): AsyncGenerator<readonly TaggedDigest[]> {
		for (const page of pages) {
			seen.read++;
			yield page.map(named);
		}
		if (end !== undefined) throw end;
	}
	const listing = new TagListing({
		open: async () => {
			seen.opened++;
			return read();
		},
		failed: ({ code }) => seen.failures.push(code),
	});
	return { listing, seen };
};

test("pages are read as far as they are needed, whatever order tags are looked for in", async () => {
	const pages = [tagsFrom(0, 30), tagsFrom(30, 30), tagsFrom(60, 30)];
	const { listing, seen } = listingOf(pages);
	const first = await listing.find(tagsFrom(10, 20), signal);
	assert.deepEqual([first.size, seen.read], [20, 1]);
	const second = await listing.find([...tagsFrom(0, 10), ...tagsFrom(40, 20)].toReversed(), signal);
	assert.deepEqual([second.size, seen.read], [30, 2]);
	assert.deepEqual(second.get("t00045"), named("t00045").digest);
	assert.deepEqual([...(await listing.find(tagsFrom(88, 20), signal)).keys()], ["t00088", "t00089"]);
	assert.deepEqual([seen.opened, seen.read], [1, 3]);
});

test("for a few tags no list is begun, and one that was is used", async () => {
	const { listing, seen } = listingOf([tagsFrom(0, 100)]);
	assert.equal((await listing.find(tagsFrom(0, 9), signal)).size, 0);
	assert.equal(seen.opened, 0);
	assert.equal((await listing.find(tagsFrom(10, 10), signal)).size, 10);
	assert.equal((await listing.find(["t00050"], signal)).size, 1);
	assert.equal(seen.opened, 1);
});

test("of a list that is full of other tags no more is kept than there is room for", async () => {
	const { listing } = listingOf([tagsFrom(0, 200_030)]);
	assert.equal((await listing.find(tagsFrom(0, 10), signal)).size, 10);
	assert.equal((await listing.find(tagsFrom(200_000, 30), signal)).size, 10);
});

test("a list of other tags is not read for ever", async () => {
	const { listing, seen } = listingOf(Array.from({ length: 1_000 }, (_, i) => tagsFrom(10_000 + i * 10, 10)));
	for (let i = 0; i < 10; i++) assert.equal((await listing.find(tagsFrom(i * 100, 100), signal)).size, 0);
	assert.ok(seen.read <= 51, `${seen.read}`);
});

test("a list that fails says no more, what it said before it says, and the failure is told once", async () => {
	const { listing, seen } = listingOf([tagsFrom(0, 30)], new RemoteError("FAILED", "503"));
	assert.equal((await listing.find(tagsFrom(0, 10), signal)).size, 10);
	assert.equal((await listing.find([...tagsFrom(10, 5), "other"], signal)).size, 5);
	assert.equal((await listing.find([...tagsFrom(15, 15), "more"], signal)).size, 15);
	assert.equal((await listing.find(tagsFrom(40, 40), signal)).size, 0);
	assert.deepEqual(seen.failures, ["FAILED"]);
});

test("what is no failure of the other side is thrown, and so is the end of the run", async () => {
	const { listing } = listingOf([], new TypeError("a mistake"));
	await assert.rejects(listing.find(tagsFrom(0, 10), signal), TypeError);
	const ended = new AbortController();
	const other = listingOf([], new RemoteError("UNREACHABLE", "closed")).listing;
	ended.abort(new Error("told to stop"));
	await assert.rejects(other.find(tagsFrom(0, 10), ended.signal), /told to stop/);
});

test("where there is no list, nothing is known", async () => {
	let opened = 0;
	const listing = new TagListing({
		open: async () => {
			opened++;
			return undefined;
		},
		failed: () => assert.fail("that is no failure"),
	});
	for (let i = 0; i < 3; i++) assert.equal((await listing.find(tagsFrom(0, 20), signal)).size, 0);
	assert.equal(opened, 1);
});
