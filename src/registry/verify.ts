import type { KnownObject, Objects } from "#/metadata/objects.ts";
import { type Digest, isDigest } from "#/oci/digest.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { isMark } from "#/storage/mark.ts";
import { StoreError } from "#/storage/store-error.ts";
import { findObject } from "./find-object.ts";
import { mergeSorted, type Pair } from "./merge-sorted.ts";
import { readDigest } from "./read-digest.ts";

/** Where metadata and a store do not agree. */
export interface Finding {
	/**
	 * `missing`: live, and the store does not have it. `size`, `digest`: the store has other bytes. `unreadable`: they
	 * could not be read to their end. `unknown`: stored, and metadata knows nothing of it. `dangling`: metadata names it
	 * and knows nothing of it; the key is the digest then.
	 */
	readonly kind: "missing" | "size" | "digest" | "unreadable" | "unknown" | "dangling";
	readonly store: string;
	readonly key: string;
	/** What metadata says of it, where it knows it. */
	readonly expected?: string | number | undefined;
	/** What the store has instead. */
	readonly actual?: string | number | undefined;
}

/** What {@link verifyStore} works with. */
export interface VerifyDeps {
	readonly objects: Objects;
	readonly store: BlobStore;
	/** Takes each finding as soon as it is certain. */
	readonly found: (finding: Finding) => void;
	/** Whether to read an object and compare its digest. @defaultValue never */
	readonly isToBeRead?: ((object: KnownObject) => boolean) | undefined;
}

/** What was looked at. */
export interface VerifySummary {
	/** Live objects. */
	readonly live: number;
	/** Bytes of live objects. */
	readonly bytes: number;
	/** Objects whose digest was compared. */
	readonly read: number;
	readonly findings: number;
}

interface StoredObject {
	readonly key: string;
	/** Bytes of the finished object; absent when there are only staged ones. */
	readonly size: number | undefined;
}

/** Objects asked for at a time. */
const PAGE = 1_000;

/**
 * Compares a store with what metadata knows of it, both read once in order of the keys. The registry may be at work: what
 * looks wrong is looked at again, for an object is known before its first byte and forgotten after its last.
 *
 * @throws StoreError, MetadataError when one of them cannot be asked
 */
export const verifyStore = async (deps: VerifyDeps, name: string, signal: AbortSignal): Promise<VerifySummary> => {
	const { objects, store, isToBeRead } = deps;
	const summary = { live: 0, bytes: 0, read: 0, findings: 0 };
	const report = (finding: Finding | undefined): void => {
		if (finding === undefined) return;
		summary.findings += 1;
		deps.found(finding);
	};
	// The store is a step ahead of metadata, so that objects made meanwhile are seldom taken for unknown ones.
	for await (const pair of mergeSorted(storedObjects(store, signal), knownObjects(objects, name, signal))) {
		const { left: stored, right: known } = pair;
		if (known?.state === "live") {
			summary.live += 1;
			summary.bytes += known.size ?? 0;
		}
		if (isDoubtful(pair)) report(await lookAgain(deps, name, pair.key, signal));
		else if (known?.state === "live" && stored !== undefined && isToBeRead?.(known) === true) {
			summary.read += 1;
			report(await compareDigest(deps, known, signal));
		}
	}
	return summary;
};

/** Objects that are being written or deleted may be there or not. */
const isDoubtful = ({ left: stored, right: known }: Pair<StoredObject, KnownObject>): boolean => {
	if (known === undefined) return true;
	if (known.state !== "live") return false;
	return stored?.size === undefined || (known.size !== undefined && known.size !== stored.size);
};

const lookAgain = async (
	{ objects, store }: VerifyDeps,
	name: string,
	key: string,
	signal: AbortSignal,
): Promise<Finding | undefined> => {
	const known = await findObject(objects, name, key, signal);
	if (known === undefined) {
		// After its row it cannot come back, and it was there before its row went: so now it is either gone or unknown.
		for await (const stored of store.list(key, signal)) {
			if (stored.key === key) return { kind: "unknown", store: name, key, actual: stored.size };
		}
		return undefined;
	}
	if (known.state !== "live") return undefined;
	const stat = await store.stat(key, signal);
	if (stat !== undefined && (known.size === undefined || stat.size === known.size)) return undefined;
	// It may have been condemned and deleted between the two looks.
	if ((await findObject(objects, name, key, signal))?.state !== "live") return undefined;
	return stat === undefined
		? { kind: "missing", store: name, key, expected: known.digest }
		: { kind: "size", store: name, key, expected: known.size, actual: stat.size };
};

const compareDigest = async (
	{ objects, store }: VerifyDeps,
	{ store: name, key, digest: expected }: KnownObject,
	signal: AbortSignal,
): Promise<Finding | undefined> => {
	if (expected === undefined || !isDigest(expected)) return undefined;
	let actual: Digest;
	try {
		actual = await readDigest(store, key, expected, signal);
	} catch (error) {
		if (!(error instanceof StoreError) || (error.code !== "CORRUPT" && error.code !== "NOT_FOUND")) throw error;
		if ((await findObject(objects, name, key, signal))?.state !== "live") return undefined;
		return { kind: "unreadable", store: name, key, expected, actual: error.message };
	}
	return actual === expected ? undefined : { kind: "digest", store: name, key, expected, actual };
};

/** What a store has, each key once: it may have staged bytes beside a finished object. */
async function* storedObjects(store: BlobStore, signal: AbortSignal): AsyncGenerator<StoredObject> {
	let held: StoredObject | undefined;
	for await (const { key, size, staged } of store.list("", signal)) {
		if (isMark(key)) continue;
		const finished = staged ? undefined : size;
		if (held?.key === key) {
			held = { key, size: held.size ?? finished };
			continue;
		}
		if (held !== undefined) yield held;
		held = { key, size: finished };
	}
	if (held !== undefined) yield held;
}

async function* knownObjects(objects: Objects, name: string, signal: AbortSignal): AsyncGenerator<KnownObject> {
	for (let last: string | undefined; ; ) {
		const page = await objects.list(name, { last, limit: PAGE }, signal);
		yield* page;
		last = page.at(-1)?.key;
		if (page.length < PAGE) return;
	}
}
