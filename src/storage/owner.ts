/**
 * Whose a bucket is: an object in it names the registry and the store that began with it, so that two registries, or two
 * stores of one, never keep bytes and journals under the same keys.
 */
import { z } from "zod";
import type { BlobStore } from "./blob-store.ts";
import { StoreError } from "./store-error.ts";

/** The key of the object that says whose a store is: metadata does not know of it. */
export const OWNER_KEY = "limani-owner";

/** A registry's store. */
export interface StoreOwner {
	/** The identity of the registry's metadata. */
	readonly registry: string;
	/** What the registry calls the store. */
	readonly store: string;
}

const ownerSchema = z.object({ format: z.literal("limani-owner/1"), registry: z.string(), store: z.string() });

/** More than an owner takes. */
const MAX_BYTES = 4_096;

/** Whose the store is; absent when nobody has said so. @throws StoreError CORRUPT when that cannot be understood */
export const readOwner = async (store: BlobStore, signal: AbortSignal): Promise<StoreOwner | undefined> => {
	if ((await store.stat(OWNER_KEY, signal)) === undefined) return undefined;
	await using blob = await store.open(OWNER_KEY, signal);
	if (blob.size > MAX_BYTES) throw new StoreError("CORRUPT", `${OWNER_KEY} is none of ours`);
	const pieces: Buffer[] = [];
	for await (const { bytes, release } of blob.chunks(undefined, signal)) {
		pieces.push(Buffer.from(bytes));
		release();
	}
	const parsed = ownerSchema.safeParse(toJson(Buffer.concat(pieces).toString()));
	if (!parsed.success) throw new StoreError("CORRUPT", `${OWNER_KEY} is none of ours, or of a later release`);
	return { registry: parsed.data.registry, store: parsed.data.store };
};

const toJson = (text: string): unknown => {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
};

/**
 * Makes a store that is nobody's that owner's.
 *
 * @returns whose it is instead; absent: it is that owner's
 * @throws StoreError
 */
export const claimStore = async (
	store: BlobStore,
	owner: StoreOwner,
	signal: AbortSignal,
): Promise<StoreOwner | undefined> => {
	const found = (await readOwner(store, signal)) ?? (await write(store, owner, signal));
	return found.registry === owner.registry && found.store === owner.store ? undefined : found;
};

/** Of several that write at once the store keeps one, which is what is read then. */
const write = async (store: BlobStore, owner: StoreOwner, signal: AbortSignal): Promise<StoreOwner> => {
	const bytes = new TextEncoder().encode(JSON.stringify({ format: "limani-owner/1", ...owner }));
	try {
		await using writer = await store.write(OWNER_KEY, { size: bytes.byteLength }, signal);
		await writer.append(bytes);
		await writer.commit(signal);
	} catch (error) {
		const winner = await readOwner(store, signal);
		if (winner === undefined) throw error;
		return winner;
	}
	return (await readOwner(store, signal)) ?? owner;
};

/** Why a store that is another's cannot be used, in words for whoever configures it. */
export const foreignStore = (name: string, { registry, store }: StoreOwner, isOurs: boolean): StoreError =>
	new StoreError(
		"UNAVAILABLE",
		isOurs
			? `store ${name}: what it names is the store ${store} of this registry already: give it a bucket or prefix of its own`
			: `store ${name}: what it names belongs to another registry (${registry}, its store ${store}): give it a bucket or prefix of its own, or, if that registry's database was lost, rebuild it`,
		{ store: name },
	);
