import { parseRecord, type RegistryRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { JOURNAL_PREFIX, numberOfKey, SNAPSHOT_PREFIX } from "#/registry/object-keys.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { StoreError } from "#/storage/store-error.ts";
import { chooseChain, type SegmentFile } from "./choose-chain.ts";
import { readObject } from "./read-object.ts";
import { parseSegment, type Segment, segmentHash } from "./segment.ts";
import { checkSnapshot, readSnapshot } from "./snapshot.ts";

/** An object of the journal that was not used, and why. */
export interface IgnoredObject {
	readonly store: string;
	readonly key: string;
	/**
	 * `broken`: not whole, `detail` says how. `superseded`: never sealed, another of its number was. `loose`: something
	 * before it is missing, so changes are lost.
	 */
	readonly reason: "broken" | "superseded" | "loose";
	readonly detail?: string;
}

/** What of a store's journal makes up its state. */
export interface Journal {
	readonly name: string;
	readonly store: BlobStore;
	/** Absent when all of the journal is here from its first segment on. */
	readonly snapshot: { readonly key: string; readonly segment: number; readonly hash: string } | undefined;
	/** The segments after the snapshot, each following the one before. */
	readonly chain: readonly SegmentFile[];
	/** Repositories that came from another store, with all that they had, as {@link arrivalOf} names them. */
	readonly arrivals: ReadonlySet<string>;
	readonly ignored: readonly IgnoredObject[];
	/** The keys of all segments and snapshots, used or not, with their sizes in bytes. */
	readonly objects: readonly { readonly key: string; readonly size: number }[];
}

/** Segments have about a mebibyte; one of this many bytes is none of ours. */
const MAX_SEGMENT_BYTES = 256 * 1024 * 1024;

/** Finds the newest whole snapshot of a store and the segments that follow it. @throws StoreError */
export const readJournal = async (name: string, store: BlobStore, signal: AbortSignal): Promise<Journal> => {
	const ignored: IgnoredObject[] = [];
	const snapshots = await listed(store, SNAPSHOT_PREFIX, signal);
	const segments = await listed(store, JOURNAL_PREFIX, signal);
	const ignore = (key: string, error: unknown): void => {
		if (error instanceof StoreError && error.code !== "CORRUPT") throw error;
		ignored.push({
			store: name,
			key,
			reason: "broken",
			detail: error instanceof Error ? error.message : String(error),
		});
	};

	let snapshot: Journal["snapshot"];
	for (const { key } of snapshots.toReversed()) {
		try {
			const { segment, hash } = await checkSnapshot(store, key, signal);
			snapshot = { key, segment, hash };
			break;
		} catch (error) {
			ignore(key, error);
		}
	}
	const anchor = snapshot ?? { segment: 0, hash: "" };

	const files: SegmentFile[] = [];
	const arrivals = new Set<string>();
	for (const { key } of segments) {
		if ((numberOfKey(key) ?? 0) <= anchor.segment) continue;
		try {
			const { header, records, hash } = await readSegment(store, key, signal);
			files.push({ key, number: header.number, previous: header.previous, hash, records: records.length });
			for (const record of records) {
				if (record.kind === "repository-arrived") arrivals.add(arrivalOf(parseRecord(record)) ?? "");
			}
		} catch (error) {
			ignore(key, error);
		}
	}
	const { chain, superseded, loose } = chooseChain(anchor, files);
	for (const { key } of superseded) ignored.push({ store: name, key, reason: "superseded" });
	for (const { key } of loose) ignored.push({ store: name, key, reason: "loose" });
	return { name, store, snapshot, chain, arrivals, ignored, objects: [...snapshots, ...segments] };
};

/** One coming of a repository into a store; absent for records of anything else. */
const arrivalOf = (record: RegistryRecord): string | undefined => {
	const isMove =
		record.kind === "repository-arrived" || (record.kind === "repository-created" && record.moved === true);
	return isMove ? `${record.repository}@${record.placement}` : undefined;
};

/** The records of a journal's segments, in order, but for repositories that came and were not all recorded. */
export async function* recordsOf(
	{ store, chain, arrivals }: Journal,
	signal: AbortSignal,
): AsyncGenerator<JournalRecord> {
	for (const { key, hash } of chain) {
		const segment = await readSegment(store, key, signal);
		if (segment.hash !== hash) throw new StoreError("CORRUPT", `${key} changed while it was read`);
		for (const record of segment.records) {
			if (record.kind === "repository-created") {
				const arrival = arrivalOf(parseRecord(record));
				// It is where it was, and the other store's journal tells of it.
				if (arrival !== undefined && !arrivals.has(arrival)) continue;
			}
			yield record;
		}
	}
}

/** The records of a journal's snapshot, if it has one. */
export async function* snapshotOf(
	{ name, store, snapshot }: Journal,
	signal: AbortSignal,
): AsyncGenerator<JournalRecord> {
	if (snapshot !== undefined) yield* readSnapshot(store, { key: snapshot.key, name }, signal);
}

const listed = async (
	store: BlobStore,
	prefix: string,
	signal: AbortSignal,
): Promise<{ readonly key: string; readonly size: number }[]> => {
	const found: { readonly key: string; readonly size: number }[] = [];
	for await (const { key, size, staged } of store.list(prefix, signal)) if (!staged) found.push({ key, size });
	return found;
};

const readSegment = async (
	store: BlobStore,
	key: string,
	signal: AbortSignal,
): Promise<Segment & { readonly hash: string }> => {
	const pieces: Buffer[] = [];
	let size = 0;
	for await (const piece of readObject(store, key, signal)) {
		pieces.push(piece);
		size += piece.byteLength;
		if (size > MAX_SEGMENT_BYTES) throw new Error("too large for a segment");
	}
	const bytes = Buffer.concat(pieces);
	return { ...parseSegment(bytes), hash: segmentHash(bytes) };
};
