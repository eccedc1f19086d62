import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { BlobStore, BlobWriter, ByteRange, WriterState } from "#/storage/blob-store.ts";
import { StoreError, type StoreErrorCode } from "#/storage/store-error.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

/** A store under test and what can be done to it from outside. What a driver's surroundings cannot do is left out. */
export interface BlobStoreHarness extends AsyncDisposable {
	readonly store: BlobStore;
	/** Another store over the same bytes, as a new process opens it: nothing of the first one's memory helps it. */
	reopen(): Promise<BlobStore>;
	/** Changes one byte of the finished object, behind the driver's back. */
	corrupt?(key: string): Promise<void>;
	/** Loses bytes staged under `key`, behind the driver's back: the staged file, one part. */
	dropPart?(key: string, state: WriterState): Promise<void>;
	/** A store over the same bytes whose credentials are wrong. */
	openDenied?(): Promise<BlobStore>;
	/** Whether a lost writer cannot even keep another one from finishing the object. */
	readonly fencesWriters?: boolean;
	/** Stops writes from getting through until the returned function is called. */
	stall?(): () => void;
}

/** What a case can need of a harness beyond what all have. */
export type HarnessPower = "corrupt" | "dropPart" | "openDenied" | "stall";

/** One promise of the port. */
export interface BlobStoreCase {
	readonly name: string;
	/** Skipped where the harness cannot do this. */
	readonly needs?: HarnessPower;
	run(bench: Bench): Promise<void>;
}

/** What the cases work with. */
export interface Bench {
	readonly harness: BlobStoreHarness;
	readonly store: BlobStore;
	/** In front of all keys of this case. */
	readonly prefix: string;
	/** A key of this case alone. */
	key(name: string): string;
}

/** A bench with keys that no other case has. */
export function openBench(harness: BlobStoreHarness): Bench {
	const prefix = `t${randomUUID().slice(0, 8)}`;
	return { harness, store: harness.store, prefix, key: (name) => `${prefix}/${name}` };
}

/** Bytes. */
export const KIB = 1024;
/** Bytes. */
export const MIB = 1024 * KIB;

/** A signal that never fires. */
export const never = new AbortController().signal;

/** Noise of the given length; equal seeds give equal bytes. */
export const noise = (length: number, seed = length): Buffer<ArrayBuffer> => randomBytes(seededRandom(seed), length);

/** Appends a copy of `bytes`, piece by piece; each piece has memory of its own, as those of a socket do. */
export async function appendAll(writer: BlobWriter, bytes: Uint8Array, pieceBytes = 64 * KIB): Promise<void> {
	for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
		await writer.append(new Uint8Array(bytes.subarray(at, at + pieceBytes)));
	}
}

/** Writes a whole object. */
export async function put(store: BlobStore, key: string, bytes: Uint8Array): Promise<void> {
	await using writer = await store.write(key, {}, never);
	await appendAll(writer, bytes);
	await writer.commit(never);
}

/** Reads a range (everything without one). */
export async function read(
	store: BlobStore,
	key: string,
	range?: ByteRange,
	sizeHint?: () => number,
): Promise<Buffer<ArrayBuffer>> {
	await using blob = await store.open(key, never);
	const pieces: Uint8Array[] = [];
	for await (const chunk of blob.chunks(range, never, sizeHint)) {
		pieces.push(new Uint8Array(chunk.bytes));
		chunk.release();
	}
	return Buffer.concat(pieces);
}

/** Compares without printing megabytes when they differ. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what = "the bytes"): void {
	assert.equal(actual.byteLength, expected.byteLength, `length of ${what}`);
	assert.ok(Buffer.compare(actual, expected) === 0, `${what} differ from what was written`);
}

/** What `list` says of a prefix: keys, those of unfinished objects with a star. */
export async function listKeys(store: BlobStore, prefix: string): Promise<string[]> {
	const keys: string[] = [];
	for await (const object of store.list(prefix, never)) keys.push(object.key + (object.staged ? "*" : ""));
	return keys;
}

/** The action fails with a StoreError of this code. */
export async function assertStoreError(code: StoreErrorCode, action: () => Promise<unknown>): Promise<void> {
	await assert.rejects(action, (error) => {
		assert.ok(error instanceof StoreError, `a StoreError, not ${error}`);
		assert.equal(error.code, code);
		return true;
	});
}

/** A state as it comes back from a database's JSON column. */
export function throughJson(state: WriterState): WriterState {
	const copy: unknown = JSON.parse(JSON.stringify(state));
	assert.ok(typeof copy === "object" && copy !== null);
	return { ...copy };
}
