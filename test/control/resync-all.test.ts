import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Control, type DesiredResource, MAX_CHANGE_BYTES } from "#/control/control.ts";
import { resyncAll } from "#/control/resync-all.ts";
import { soon } from "../conformance/control/bench.ts";

type Page = Parameters<Control["resync"]>[0];

const resourceOf = (uid: string, bytes: number, character = "x"): DesiredResource => ({
	kind: "Project",
	uid,
	generation: 1,
	spec: { padding: character.repeat(bytes) },
});

/** The pages that come of some resources, until one is refused. */
const pagesOf = async (resources: readonly DesiredResource[], refuseAt = -1) => {
	const pages: Page[] = [];
	const resync: Control["resync"] = async (page) => {
		pages.push(page);
		return pages.length - 1 === refuseAt ? { refused: { reason: "stale-epoch", epoch: 9 } } : { base: pages.length };
	};
	const applied = await resyncAll({ resync }, { epoch: 3, snapshot: "s", resources }, soon());
	return { pages, applied };
};

test("no resources are one last page", async () => {
	const { pages, applied } = await pagesOf([]);
	assert.deepEqual(pages, [{ epoch: 3, snapshot: "s", resources: [], last: true }]);
	assert.deepEqual(applied, { base: 1 });
});

test("whatever the resources, every page fits, all come once and in order, and only the last page is the last", async () => {
	const sizes = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 12 });
	await fc.assert(
		fc.asyncProperty(sizes, fc.constantFrom("x", "\n", "ß", "\u{1F6A2}"), async (bytes, character) => {
			const resources = bytes.map((size, i) => resourceOf(`uid ${i}`, Math.floor(size / 4), character));
			const { pages, applied } = await pagesOf(resources);
			assert.deepEqual(
				pages.flatMap((page) => page.resources),
				resources,
			);
			for (const page of pages) assert.ok(Buffer.byteLength(JSON.stringify(page)) <= MAX_CHANGE_BYTES);
			assert.deepEqual(
				pages.map(({ last }) => last),
				pages.map((_, i) => i === pages.length - 1),
			);
			assert.deepEqual(applied, { base: pages.length });
		}),
		{ numRuns: 60 },
	);
});

test("pages are not smaller than they need to be", async () => {
	const resources = Array.from({ length: 2_000 }, (_, i) => resourceOf(`uid ${i}`, 1_000));
	const { pages } = await pagesOf(resources);
	const bytes = Buffer.byteLength(JSON.stringify(resources));
	assert.equal(pages.length, Math.ceil(bytes / (MAX_CHANGE_BYTES - 8_192)));
});

test("after a refused page none follows", async () => {
	const resources = Array.from({ length: 4 }, (_, i) => resourceOf(`uid ${i}`, 600_000));
	const { pages, applied } = await pagesOf(resources, 1);
	assert.equal(pages.length, 2);
	assert.deepEqual(applied, { refused: { reason: "stale-epoch", epoch: 9 } });
});
