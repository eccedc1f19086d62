import { parseRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Archive } from "./archive.ts";
import { blobPrefix, blobsPrefix, CONDEMNED_PREFIX, digestOfKey } from "./archive-keys.ts";
import type { StoredBlob } from "./blob-bytes.ts";
import { condemnedList, readDocument } from "./documents.ts";

/** A blob in an archive. */
export interface ArchivedBlob {
	readonly digest: Digest;
	readonly key: string;
	readonly size: number;
}

/** Keys that are about to be deleted, and the lists that say so. */
export interface Condemned {
	readonly keys: ReadonlySet<string>;
	readonly lists: readonly string[];
}

/** What is about to be deleted in an archive. @throws BackupError, StoreError */
export const readCondemned = async (archive: Archive, signal: AbortSignal): Promise<Condemned> => {
	const keys = new Set<string>();
	const lists = await archive.keys(CONDEMNED_PREFIX, signal);
	for (const key of lists) {
		for (const each of (await readDocument(archive, { key, schema: condemnedList }, signal)).keys) keys.add(each);
	}
	return { keys, lists };
};

/** The blobs of a store in an archive, in byte order of the digest. @throws StoreError */
export async function* archivedBlobs(
	archive: Archive,
	{ store, condemned }: { readonly store: string; readonly condemned: ReadonlySet<string> },
	signal: AbortSignal,
): AsyncGenerator<ArchivedBlob> {
	for await (const { key, size, staged } of archive.list(blobsPrefix(store), signal)) {
		const digest = digestOfKey(key);
		if (!staged && digest !== undefined && !condemned.has(key)) yield { digest, key, size };
	}
}

/** The key of one blob; absent when the archive does not have it. @throws StoreError */
export const findArchivedBlob = (
	archive: Archive,
	{
		store,
		digest,
		condemned,
	}: { readonly store: string; readonly digest: Digest; readonly condemned: ReadonlySet<string> },
	signal: AbortSignal,
): Promise<string | undefined> => archive.find(blobPrefix(store, digest), (key) => !condemned.has(key), signal);

/** The objects of blobs among records, in their order. */
export async function* blobsAmong(records: AsyncIterable<JournalRecord>): AsyncGenerator<StoredBlob> {
	for await (const row of records) {
		if (row.kind !== "object-live") continue;
		const record = parseRecord(row);
		if (record.kind !== "object-live") continue;
		const { digest, key, size } = record;
		yield { digest, key, size };
	}
}

/**
 * Each wanted blob beside the archive's, which is absent where the archive has none. Both come in byte order of the
 * digest, and are read once: however many there are, few are in memory.
 */
export async function* besideArchived<T extends { readonly digest: Digest }>(
	wanted: AsyncIterable<T>,
	archived: AsyncGenerator<ArchivedBlob>,
): AsyncGenerator<{ readonly blob: T; readonly archived: ArchivedBlob | undefined }> {
	await using _ = { [Symbol.asyncDispose]: async () => void (await archived.return(undefined)) };
	let head = await archived.next();
	for await (const blob of wanted) {
		while (head.done !== true && head.value.digest < blob.digest) head = await archived.next();
		const found = head.done !== true && head.value.digest === blob.digest ? head.value : undefined;
		yield { blob, archived: found };
	}
}
