import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { JournalRecord, Snapshots } from "#/metadata/snapshots.ts";
import { snapshotKey } from "#/registry/object-keys.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { readObject, splitLines } from "./read-object.ts";
import { formatRecordLine, parseLine, parseRecordLine } from "./segment.ts";
import { condemn, type WriteObjectDeps, writeObject } from "./write-object.ts";

/** The first line of a snapshot. */
const SnapshotHeader = z.object({
	format: z.literal("limani-snapshot/1"),
	store: z.string(),
	/** The last journal segment whose records are all contained; 0 before the first. */
	segment: z.int().nonnegative(),
	/** That segment's hash, which the next segment names; empty before the first. */
	hash: z.string(),
});

/** See the schema of the same name. */
export type SnapshotHeader = z.output<typeof SnapshotHeader>;

const LastLine = z.object({ end: z.int().nonnegative() });

/** What {@link writeSnapshot} works with. */
export interface WriteSnapshotDeps extends WriteObjectDeps {
	readonly snapshots: Snapshots;
	readonly newId: () => string;
}

/** A snapshot that was written. */
export interface WrittenSnapshot {
	readonly key: string;
	readonly segment: number;
	readonly records: number;
	/** Bytes stored. */
	readonly size: number;
}

/** Text is gathered to pieces of this many characters before it is compressed. */
const PIECE = 64 * 1024;
/** The longest that writing may take, in milliseconds: far less than it takes an intent to become stale. */
const WRITE_MS = 1_800_000;

/**
 * Writes all of a store's records as one object: gzip over JSON lines, first what it is, then a record each, last how
 * many there were.
 */
export const writeSnapshot = async (
	deps: WriteSnapshotDeps,
	{ name, store }: { readonly name: string; readonly store: BlobStore },
	signal: AbortSignal,
): Promise<WrittenSnapshot> => {
	const ended = new AbortController();
	const within = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(WRITE_MS)]);
	try {
		const { segment, counted, pieces } = await packSnapshot(deps.snapshots, name, within);
		const key = snapshotKey(segment, deps.newId());
		const object = { name, store, key, purpose: "snapshot" } as const;
		const size = await writeObject(deps, object, pieces, within);
		try {
			await deps.objects.settle(name, key, size);
		} catch (error) {
			// Refused: its intent was stale, and the sweeper had deleted what was there then. Else nobody knows, and it stays.
			if (!(error instanceof MetadataError)) await condemn(deps, object);
			throw error;
		}
		return { key, segment, size, ...counted };
	} finally {
		// Whatever happened, the database's view of that instant is not held any longer.
		ended.abort();
	}
};

/** A snapshot on its way. What it holds is let go when the pieces have been read, or when the signal is aborted. */
export interface PackedSnapshot {
	readonly segment: number;
	readonly hash: string;
	readonly pieces: AsyncIterable<Buffer>;
	/** Right once the pieces have been read. */
	readonly counted: { readonly records: number };
}

/** The bytes of a snapshot of a store as it is now. @throws MetadataError */
export const packSnapshot = async (
	snapshots: Pick<Snapshots, "export">,
	name: string,
	signal: AbortSignal,
): Promise<PackedSnapshot> => {
	const { segment, hash, records } = await snapshots.export(name, signal);
	const counted = { records: 0 };
	const lines = linesOf({ format: "limani-snapshot/1", store: name, segment, hash }, records, counted);
	const gzip = createGzip({ level: 1 });
	const feeding = pipeline(Readable.from(lines), gzip, { signal });
	// Its failure shows when the compressed bytes are read; waiting for it comes later.
	feeding.catch(() => undefined);
	return { segment, hash, counted, pieces: fed(gzip, feeding) };
};

async function* fed(gzip: AsyncIterable<Buffer>, feeding: Promise<void>): AsyncGenerator<Buffer> {
	yield* gzip;
	await feeding;
}

async function* linesOf(
	header: SnapshotHeader,
	records: AsyncIterable<JournalRecord>,
	counted: { records: number },
): AsyncGenerator<Buffer> {
	let text = `${JSON.stringify(header)}\n`;
	for await (const record of records) {
		counted.records += 1;
		text += `${formatRecordLine(record)}\n`;
		if (text.length < PIECE) continue;
		yield Buffer.from(text);
		text = "";
	}
	yield Buffer.from(`${text}${JSON.stringify({ end: counted.records })}\n`);
}

/** The header of a snapshot, read to its end. @throws Error with a sentence when it is not whole, StoreError */
export const checkSnapshot = async (
	store: Pick<BlobStore, "open">,
	key: string,
	signal: AbortSignal,
): Promise<SnapshotHeader> => {
	const lines = splitLines(gunzip(readObject(store, key, signal)));
	const first = await lines.next();
	const header = parseLine(SnapshotHeader, first.done === true ? "" : first.value);
	let last = "";
	let count = -1;
	for await (const line of lines) {
		last = line;
		count += 1;
	}
	const { end } = parseLine(LastLine, last);
	if (end !== count) throw new Error(`${end} records were written, ${count} are here`);
	return header;
};

/** The records of a snapshot that {@link checkSnapshot} found whole. */
export async function* readSnapshot(
	store: Pick<BlobStore, "open">,
	{ key, name }: { readonly key: string; readonly name: string },
	signal: AbortSignal,
): AsyncGenerator<JournalRecord> {
	// One line late, for the last one is no record.
	let held: string | undefined;
	let isHeader = true;
	for await (const line of splitLines(gunzip(readObject(store, key, signal)))) {
		if (held !== undefined) yield parseRecordLine(name, held);
		held = isHeader ? undefined : line;
		isHeader = false;
	}
}

const gunzip = (bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> => {
	const gunzipped = createGunzip();
	pipeline(Readable.from(bytes), gunzipped).catch(() => undefined);
	return gunzipped;
};
