import assert from "node:assert/strict";
import { appendAll, type BlobStoreCase, listKeys, MIB, never, noise, put } from "./bench.ts";

/** Names whose order by bytes differs from that of a tree of folders, or of people. None goes on below another one. */
const NAMES = ["a-b", "a.b", "a/b0", "a/b1/c", "a0", "A", "B/a", "_", "ab", "b/10", "b/9"];

/** Listing objects. */
export const listingCases: readonly BlobStoreCase[] = [
	{
		name: "list gives finished and staged objects in byte order of their keys",
		async run({ store, key, prefix, harness }) {
			const expected: string[] = [];
			for (const [index, name] of NAMES.entries()) {
				if (index % 3 !== 1) {
					await put(store, key(name), noise(index));
					expected.push(key(name));
					continue;
				}
				const writer = await store.write(key(name), {}, never);
				await appendAll(writer, noise(6 * MIB));
				await writer.checkpoint(never);
				await writer[Symbol.asyncDispose]();
				expected.push(`${key(name)}*`);
			}
			const byBytes = expected.sort((a, b) => Buffer.compare(Buffer.from(bare(a)), Buffer.from(bare(b))));
			assert.deepEqual(await listKeys(store, prefix), byBytes);
			await using again = await harness.reopen();
			assert.deepEqual(await listKeys(again, `${prefix}/`), byBytes);
			for (const part of ["a", "a/", "a/b", "b/1", "B", "none"]) {
				const within = byBytes.filter((listed) => listed.startsWith(key(part)));
				assert.deepEqual(await listKeys(again, key(part)), within, `the keys that start with ${part}`);
			}
		},
	},
	{
		name: "list tells the size of every finished object",
		async run({ store, key, prefix }) {
			await put(store, key("x"), noise(17));
			await put(store, key("y/z"), noise(0));
			const sizes: [string, number][] = [];
			for await (const object of store.list(prefix, never)) sizes.push([object.key, object.size]);
			assert.deepEqual(sizes, [
				[key("x"), 17],
				[key("y/z"), 0],
			]);
		},
	},
	{
		name: "list goes over more objects than one answer of a store holds",
		async run({ store, key, prefix }) {
			const names = Array.from({ length: 1100 }, (_, index) => key(`many/${String(index).padStart(4, "0")}`));
			for (let at = 0; at < names.length; at += 50) {
				await Promise.all(names.slice(at, at + 50).map((name) => put(store, name, noise(1))));
			}
			assert.deepEqual(await listKeys(store, prefix), names);
		},
	},
	{
		name: "list may be left in the middle, and an empty prefix gives nothing",
		async run({ store, key, prefix }) {
			await put(store, key("1"), noise(1));
			await put(store, key("2"), noise(1));
			for await (const object of store.list(prefix, never)) {
				assert.equal(object.key, key("1"));
				break;
			}
			assert.deepEqual(await listKeys(store, key("nothing/here")), []);
		},
	},
];

const bare = (listed: string): string => listed.replace(/\*$/, "");
