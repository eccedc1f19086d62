/** Small objects by which a store says what it is: whose, and what is being done to it. Metadata does not know of them. */
import type { z } from "zod";
import type { BlobStore } from "./blob-store.ts";
import { StoreError } from "./store-error.ts";

/** In front of the keys of all marks. No object of a registry has a key that begins so. */
const MARK_PREFIX = "limani-";

/** Whether the key is that of a mark: it is no unknown object. */
export const isMark = (key: string): boolean => key.startsWith(MARK_PREFIX);

/** More than a mark takes. */
const MAX_BYTES = 4_096;

/** The mark under `key`; absent when there is none. @throws StoreError CORRUPT when it cannot be understood */
export const readMark = async <T>(
	store: BlobStore,
	key: string,
	schema: z.ZodType<T>,
	signal: AbortSignal,
): Promise<T | undefined> => {
	if ((await store.stat(key, signal)) === undefined) return undefined;
	await using blob = await store.open(key, signal);
	if (blob.size > MAX_BYTES) throw new StoreError("CORRUPT", `${key} is none of ours`);
	const pieces: Buffer[] = [];
	for await (const { bytes, release } of blob.chunks(undefined, signal)) {
		pieces.push(Buffer.from(bytes));
		release();
	}
	const parsed = schema.safeParse(toJson(Buffer.concat(pieces).toString()));
	if (!parsed.success) throw new StoreError("CORRUPT", `${key} is none of ours, or of a later release`);
	return parsed.data;
};

const toJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

/**
 * Puts a mark where there is none. Of several that write at once the store keeps one.
 *
 * @returns the one that is there afterwards
 * @throws StoreError
 */
export const putMark = async <T>(
	store: BlobStore,
	key: string,
	mark: { readonly schema: z.ZodType<T>; readonly value: T },
	signal: AbortSignal,
): Promise<T> => {
	const bytes = new TextEncoder().encode(JSON.stringify(mark.value));
	try {
		await using writer = await store.write(key, { size: bytes.byteLength }, signal);
		await writer.append(bytes);
		await writer.commit(signal);
	} catch (error) {
		const winner = await readMark(store, key, mark.schema, signal);
		if (winner === undefined) throw error;
		return winner;
	}
	return (await readMark(store, key, mark.schema, signal)) ?? mark.value;
};
