import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageBook } from "#/operator/plane/usage-book.ts";
import { soon } from "../../conformance/control/bench.ts";

const usageOf = (uid: string, blobBytes: number) => ({
	uid,
	name: `name-${uid}`,
	blobBytes,
	manifestBytes: 0,
	manifests: 0,
	repositories: 0,
});

/** A book over two pages of projects, and how often they were read. */
const open = () => {
	const at = { now: 0, reads: 0, bytes: 1, broken: false, projects: ["a", "b"] };
	const usage = async ({ after }: { readonly after?: string | undefined }) => {
		if (at.broken) throw new Error("away");
		if (after === undefined) at.reads++;
		const i = after === undefined ? 0 : at.projects.indexOf(after.slice("name-".length)) + 1;
		const uid = at.projects[i] ?? "";
		return { projects: [usageOf(uid, at.bytes)], more: i < at.projects.length - 1 };
	};
	return { at, book: new UsageBook({ control: { usage }, monotonic: () => at.now }) };
};

test("one read serves all, and is made anew when it is old", async () => {
	const { at, book } = open();
	const [a, b] = await Promise.all([book.find("a", soon()), book.find("b", soon())]);
	assert.deepEqual([a?.blobBytes, b?.blobBytes, at.reads], [1, 1, 1]);
	at.bytes = 2;
	at.now = 240_000;
	assert.equal((await book.find("a", soon()))?.blobBytes, 1);
	at.now = 240_001;
	assert.equal((await book.find("a", soon()))?.blobBytes, 2);
	assert.equal(at.reads, 2);
});

test("a project that is new is looked for sooner, but not at once", async () => {
	const { at, book } = open();
	assert.equal(await book.find("c", soon()), undefined);
	at.projects = ["a", "b", "c"];
	assert.equal(await book.find("c", soon()), undefined);
	assert.equal(at.reads, 1);
	at.now = 10_001;
	assert.equal((await book.find("c", soon()))?.blobBytes, 1);
});

test("a read that failed is tried again by the next one", async () => {
	const { at, book } = open();
	at.broken = true;
	await assert.rejects(book.find("a", soon()), /away/);
	at.broken = false;
	assert.equal((await book.find("a", soon()))?.blobBytes, 1);
});
