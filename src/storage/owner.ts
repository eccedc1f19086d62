/**
 * Whose a bucket is: an object in it names the registry and the store that began with it, so that two registries, or two
 * stores of one, never keep bytes and journals under the same keys.
 */
import { z } from "zod";
import type { BlobStore } from "./blob-store.ts";
import { putMark, readMark } from "./mark.ts";
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

/** Whose the store is; absent when nobody has said so. @throws StoreError CORRUPT when that cannot be understood */
export const readOwner = async (store: BlobStore, signal: AbortSignal): Promise<StoreOwner | undefined> => {
	const owner = await readMark(store, OWNER_KEY, ownerSchema, signal);
	return owner && { registry: owner.registry, store: owner.store };
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
	const value = { format: "limani-owner/1" as const, ...owner };
	const found =
		(await readOwner(store, signal)) ?? (await putMark(store, OWNER_KEY, { schema: ownerSchema, value }, signal));
	const { registry, store: name } = found;
	return registry === owner.registry && name === owner.store ? undefined : { registry, store: name };
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
