import assert from "node:assert/strict";
import { test } from "node:test";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";
import { openMemoryHarness } from "../support/memory-harness.ts";
import { openBench } from "./blob-store/bench.ts";
import { blobStoreCases } from "./blob-store.ts";

/** The store with some methods replaced. */
const altered = (store: BlobStore, changes: Partial<BlobStore>): BlobStore => ({
	driver: store.driver,
	stat: (...args) => store.stat(...args),
	open: (...args) => store.open(...args),
	write: (...args) => store.write(...args),
	resume: (...args) => store.resume(...args),
	delete: (...args) => store.delete(...args),
	list: (...args) => store.list(...args),
	[Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
	...changes,
});

/** The writer with some methods replaced. */
const alteredWriter = (writer: BlobWriter, changes: Partial<BlobWriter>): BlobWriter => ({
	get offset() {
		return writer.offset;
	},
	append: (...args) => writer.append(...args),
	checkpoint: (...args) => writer.checkpoint(...args),
	digest: (...args) => writer.digest(...args),
	commit: (...args) => writer.commit(...args),
	abort: (...args) => writer.abort(...args),
	[Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
	...changes,
});

/** What a careless driver does, and the case that must notice. */
const faults: readonly { does: string; noticedBy: string; disguise: (store: BlobStore) => BlobStore }[] = [
	{
		does: "takes the end of a range as exclusive",
		noticedBy: "a range gives exactly its bytes",
		disguise: (store) =>
			altered(store, {
				open: async (key, signal) => {
					const blob = await store.open(key, signal);
					return {
						size: blob.size,
						chunks: (range, ...rest) =>
							blob.chunks(range && { start: range.start, end: Math.max(range.start, range.end - 1) }, ...rest),
						[Symbol.asyncDispose]: () => blob[Symbol.asyncDispose](),
					};
				},
			}),
	},
	{
		does: "goes on after the bytes that came after the checkpoint",
		noticedBy: "bytes that came after the checkpoint are dropped",
		disguise: (store) =>
			altered(store, {
				write: async (...args) => {
					const writer = await store.write(...args);
					return alteredWriter(writer, {
						[Symbol.asyncDispose]: async () => {
							if (writer.offset > 0) await writer.checkpoint(args[2]).catch(() => undefined);
							await writer[Symbol.asyncDispose]();
						},
					});
				},
				resume: async (key, state, opts, signal) => {
					const offset = Number(state.offset) + 6 * 1024 * 1024;
					return await store.resume(key, { offset }, opts, signal).catch(() => store.resume(key, state, opts, signal));
				},
			}),
	},
	{
		does: "leaves the staged bytes of an aborted write",
		noticedBy: "abort leaves nothing behind, before and after a checkpoint, small and large",
		disguise: (store) =>
			altered(store, {
				write: async (...args) => {
					const writer = await store.write(...args);
					return alteredWriter(writer, { abort: async () => writer[Symbol.asyncDispose]() });
				},
			}),
	},
	{
		does: "shows an object before it is committed",
		noticedBy: "an object shows under its key only when it is committed",
		disguise: (store) =>
			altered(store, {
				stat: async (key, signal) => {
					for await (const object of store.list(key, signal)) if (object.key === key) return object;
					return undefined;
				},
			}),
	},
	{
		does: "lists staged objects behind all others",
		noticedBy: "list gives finished and staged objects in byte order of their keys",
		disguise: (store) =>
			altered(store, {
				async *list(prefix, signal) {
					for (const staged of [false, true]) {
						for await (const object of store.list(prefix, signal)) if (object.staged === staged) yield object;
					}
				},
			}),
	},
	{
		does: "caches what it read, over the loss of a byte",
		noticedBy: "a byte that changed in the store shows in the digest of what is read",
		disguise: (store) => {
			const cache = new Map<string, ReturnType<BlobStore["open"]>>();
			return altered(store, {
				open: async (key, signal) => {
					const cached = cache.get(key) ?? store.open(key, signal).then((blob) => copyOf(blob, signal));
					cache.set(key, cached);
					return await cached;
				},
			});
		},
	},
];

const copyOf = async (
	blob: Awaited<ReturnType<BlobStore["open"]>>,
	signal: AbortSignal,
): ReturnType<BlobStore["open"]> => {
	const pieces: Uint8Array[] = [];
	for await (const { bytes } of blob.chunks(undefined, signal)) pieces.push(bytes);
	return {
		size: blob.size,
		chunks: async function* () {
			for (const bytes of pieces) yield { bytes, release: () => undefined };
		},
		[Symbol.asyncDispose]: async () => undefined,
	};
};

for (const { does, noticedBy, disguise } of faults) {
	test(`the blob store suite notices a driver that ${does}`, async () => {
		const conformanceCase = blobStoreCases.find(({ name }) => name === noticedBy);
		assert.ok(conformanceCase, noticedBy);
		const sound = openBench(openMemoryHarness());
		await conformanceCase.run(sound);
		const faulty = openBench(openMemoryHarness(disguise));
		await assert.rejects(() => conformanceCase.run(faulty), assert.AssertionError);
	});
}

test("the blob store suite has a name of its own for each case", () => {
	const names = blobStoreCases.map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
});
