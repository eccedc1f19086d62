import assert from "node:assert/strict";
import { digestOf } from "#/oci/digest.ts";
import { isObjectKey } from "#/storage/object-key.ts";
import {
	appendAll,
	assertStoreError,
	type BlobStoreCase,
	KIB,
	listKeys,
	MIB,
	never,
	noise,
	put,
	read,
} from "./bench.ts";

const BAD_KEYS = [
	"",
	"/",
	"a//b",
	"/a",
	"a/",
	".",
	"..",
	"../a",
	"a/../../b",
	"a/.",
	"a b",
	"a\0b",
	"a\\b",
	"ü",
	"a%2fb",
];

/** What must not work. */
export const failingCases: readonly BlobStoreCase[] = [
	{
		name: "a key that could lead out of the store is refused everywhere",
		async run({ store }) {
			for (const bad of [...BAD_KEYS, "x".repeat(256), "x/".repeat(300).concat("x")]) {
				assert.equal(isObjectKey(bad), false, bad);
				await assert.rejects(() => store.stat(bad, never), RangeError);
				await assert.rejects(() => store.open(bad, never), RangeError);
				await assert.rejects(() => store.write(bad, {}, never), RangeError);
				await assert.rejects(() => store.resume(bad, { offset: 0 }, {}, never), RangeError);
				await assert.rejects(() => store.delete(bad, undefined, never), RangeError);
			}
		},
	},
	{
		name: "a signal that has fired stops every operation",
		async run({ store, key, prefix }) {
			const reason = new Error("the client went away");
			const gone = AbortSignal.abort(reason);
			const isReason = (error: unknown): boolean => error === reason;
			await put(store, key("here"), noise(1000));
			await assert.rejects(() => store.stat(key("here"), gone), isReason);
			await assert.rejects(() => store.open(key("here"), gone), isReason);
			await assert.rejects(() => store.write(key("new"), {}, gone), isReason);
			await assert.rejects(() => store.delete(key("here"), undefined, gone), isReason);
			await assert.rejects(async () => {
				for await (const _ of store.list(prefix, gone)) assert.fail("an object");
			}, isReason);
			await using blob = await store.open(key("here"), never);
			await assert.rejects(async () => {
				for await (const _ of blob.chunks(undefined, gone)) assert.fail("a chunk");
			}, isReason);
			await using writer = await store.write(key("kept"), {}, never);
			await appendAll(writer, noise(2 * MIB));
			const state = await writer.checkpoint(never);
			await assert.rejects(() => store.resume(key("kept"), state, {}, gone), isReason);
			await assert.rejects(() => writer.checkpoint(gone), isReason);
			await assert.rejects(() => writer.digest("sha512", gone), isReason);
			await assert.rejects(() => writer.commit(gone), isReason);
			assert.equal(await store.stat(key("kept"), never), undefined);
			// The caller may think again: nothing was lost by it.
			await writer.commit(never);
			assert.deepEqual(await listKeys(store, prefix), [key("here"), key("kept")]);
		},
	},
	{
		name: "a signal that fires while an object is read stops the read",
		async run({ store, key }) {
			await put(store, key("long"), noise(8 * MIB));
			const controller = new AbortController();
			const reason = new Error("the client went away");
			await using blob = await store.open(key("long"), never);
			let taken = 0;
			await assert.rejects(
				async () => {
					for await (const chunk of blob.chunks(undefined, controller.signal, () => 256 * KIB)) {
						taken += chunk.bytes.byteLength;
						chunk.release();
						if (taken >= MIB) controller.abort(reason);
					}
				},
				(error) => error === reason,
			);
			assert.ok(taken < 8 * MIB);
		},
	},
	{
		name: "a byte that changed in the store shows in the digest of what is read",
		needs: "corrupt",
		async run({ store, key, harness }) {
			const bytes = noise(3 * MIB);
			await put(store, key("rotten"), bytes);
			assert.equal(digestOf(await read(store, key("rotten"))), digestOf(bytes));
			await harness.corrupt?.(key("rotten"));
			await using again = await harness.reopen();
			for (const reader of [store, again]) {
				const found = await read(reader, key("rotten"));
				assert.equal(found.byteLength, bytes.byteLength);
				assert.notEqual(digestOf(found), digestOf(bytes));
			}
		},
	},
	{
		name: "wrong credentials are told apart from a missing object",
		needs: "openDenied",
		async run({ store, key, harness }) {
			await put(store, key("secret"), noise(10));
			const denied = await harness.openDenied?.();
			assert.ok(denied !== undefined);
			await assertStoreError("DENIED", () => denied.stat(key("secret"), never));
			await assertStoreError("DENIED", () => read(denied, key("secret")));
			await assertStoreError("DENIED", () => put(denied, key("forced"), noise(10)));
			await assertStoreError("DENIED", () => denied.delete(key("secret"), undefined, never));
			await denied[Symbol.asyncDispose]();
			assert.equal((await store.stat(key("secret"), never))?.size, 10);
		},
	},
];
