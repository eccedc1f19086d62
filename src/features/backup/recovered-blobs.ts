import { parseRecord } from "#/metadata/records.ts";
import type { Digest } from "#/oci/digest.ts";
import { readSnapshot } from "#/registry/journal/snapshot.ts";
import type { Archive } from "./archive.ts";
import { type ArchivedBlob, archivedBlobs, besideArchived, blobsAmong } from "./archived-blobs.ts";
import { readArchivedSegment } from "./archived-journal.ts";
import type { StoredBlob } from "./blob-bytes.ts";
import type { PlannedStore, RecoveryPlan } from "./plan-recovery.ts";

/** A blob of a registry as it was, and where the archive has it; absent: nowhere. */
export interface RecoveredBlob {
	readonly blob: StoredBlob;
	readonly archived: ArchivedBlob | undefined;
}

/** The blobs that a store has at the instant of a plan, each once, in byte order of the digest. */
export async function* recoveredBlobs(
	archive: Archive,
	{ store, until }: { readonly store: PlannedStore; readonly until: RecoveryPlan["until"] },
	signal: AbortSignal,
): AsyncGenerator<RecoveredBlob> {
	const changes = await changedBlobs(archive, { store, until }, signal);
	const before = blobsAmong(readSnapshot(archive.reader, { key: store.snapshot, name: store.name }, signal));
	const present = archivedBlobs(archive, { store: store.name, condemned: new Set() }, signal);
	yield* besideArchived(applied(before, changes), present);
}

/** What became of blobs after the snapshot: where they lie, or that they are gone. */
const changedBlobs = async (
	archive: Archive,
	{ store, until = Number.POSITIVE_INFINITY }: { readonly store: PlannedStore; readonly until: RecoveryPlan["until"] },
	signal: AbortSignal,
): Promise<ReadonlyMap<Digest, StoredBlob | undefined>> => {
	const changes = new Map<Digest, StoredBlob | undefined>();
	for (const key of store.segments) {
		for (const row of (await readArchivedSegment(archive, key, signal)).records) {
			if (row.at > until || (row.kind !== "object-live" && row.kind !== "object-condemned")) continue;
			const record = parseRecord(row);
			if (record.kind === "object-live") changes.set(record.digest, record);
			// An older record may still be about a place that the blob had before.
			if (record.kind === "object-condemned" && (changes.get(record.digest)?.key ?? record.key) === record.key) {
				changes.set(record.digest, undefined);
			}
		}
	}
	return changes;
};

/** Both in byte order of the digest. */
async function* applied(
	before: AsyncIterable<StoredBlob>,
	changes: ReadonlyMap<Digest, StoredBlob | undefined>,
): AsyncGenerator<StoredBlob> {
	const added = [...changes.values()]
		.filter((blob) => blob !== undefined)
		.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
	let next = 0;
	for await (const blob of before) {
		for (let head = added[next]; head !== undefined && head.digest < blob.digest; head = added[++next]) yield head;
		if (!changes.has(blob.digest)) yield blob;
	}
	yield* added.slice(next);
}
