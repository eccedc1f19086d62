import type { KnownObject } from "#/metadata/objects.ts";
import { parseRecord } from "#/metadata/records.ts";
import { readObject } from "#/registry/journal/read-object.ts";
import { parseSegment, type Segment, segmentHash } from "#/registry/journal/segment.ts";
import { JOURNAL_PREFIX, numberOfKey } from "#/registry/object-keys.ts";
import { MARKS_PREFIX, segmentKey, segmentPrefix } from "./archive-keys.ts";
import { findArchivedBlob } from "./archived-blobs.ts";
import { backupError } from "./backup-error.ts";
import { type BackupDeps, copyBlob, missing, type NamedStore, type Work } from "./backup-work.ts";
import { isAbsence, type StoredBlob } from "./blob-bytes.ts";
import { type JournalMark, writeDocument } from "./documents.ts";
import { lastMark } from "./last-mark.ts";

/** The last segment of a store in the archive; 0 and empty before the first. */
interface JournalEnd {
	readonly number: number;
	readonly hash: string;
}

/**
 * Copies the segments that are not in the archive yet, each after the blobs that it speaks of: what the archive has of
 * the journal can be restored. A blob that was collected meanwhile is left out; only those instants cannot be had then.
 *
 * @param needed segments after this one, by store, were written under a pin: all that they speak of must be there
 * @returns how far the journal is in the archive now, and whether that is further than before
 */
export const shipJournal = async (
	deps: BackupDeps,
	work: Work,
	needed: ReadonlyMap<string, number>,
	signal: AbortSignal,
): Promise<{ readonly mark: JournalMark; readonly shipped: number }> => {
	const until = await committedUntil(deps, signal);
	const journal: { [store: string]: JournalEnd } = {};
	let shipped = 0;
	const before = await lastMark(deps.archive, signal);
	for (const [name, store] of deps.stores) {
		const end = before?.journal[name] ?? { number: 0, hash: "" };
		const done = await shipStore(deps, work, { name, store, end, needed: needed.get(name) }, signal);
		journal[name] = done.end;
		shipped += done.shipped;
	}
	const mark: JournalMark = { format: "limani-mark/1", until, journal };
	return { mark, shipped };
};

/** Says how far the journal is in the archive, in place of what was said before. */
export const writeMark = async (
	{ archive, newId }: Pick<BackupDeps, "archive" | "newId">,
	mark: JournalMark,
	signal: AbortSignal,
): Promise<void> => {
	const before = await archive.keys(MARKS_PREFIX, signal);
	const key = `${MARKS_PREFIX}${String(mark.until).padStart(15, "0")}-${newId()}`;
	await writeDocument(archive, key, mark, signal);
	for (const old of before) if (old < key) await archive.delete(old, signal);
};

/** Every change up to here is in a segment, milliseconds since the epoch by the database's clock. */
export const committedUntil = async (
	{ metadata }: Pick<BackupDeps, "metadata">,
	signal: AbortSignal,
): Promise<number> => {
	const { now } = await metadata.objects.watchClock();
	const [first] = await metadata.outbox.unjournaled(1, 1, signal);
	return first === undefined ? now : Math.min(now, first.at - 1);
};

const shipStore = async (
	deps: BackupDeps,
	work: Work,
	{ name, store, end, needed }: NamedStore & { readonly end: JournalEnd; readonly needed: number | undefined },
	signal: AbortSignal,
): Promise<{ readonly end: JournalEnd; readonly shipped: number }> => {
	let last = end;
	let shipped = 0;
	for await (const { key } of sealedSegments(deps, { name, after: end.number }, signal)) {
		signal.throwIfAborted();
		const read = await readSegment(name, { store, key }, signal);
		// It was pruned between the look and now: the next backup begins after it.
		if (read === undefined) continue;
		const { segment, bytes } = read;
		const { number } = segment.header;
		const isNeeded = needed !== undefined && number > needed;
		for (const blob of liveBlobs(segment)) {
			const sought = { store: name, digest: blob.digest, condemned: work.condemned.keys };
			if ((await findArchivedBlob(deps.archive, sought, signal)) !== undefined) continue;
			const isCopied = await copyBlob(deps, work, { name, store, blob, isShipped: true }, signal);
			if (!isCopied && isNeeded) throw missing(name, blob);
		}
		last = { number, hash: segmentHash(bytes) };
		shipped += 1;
		// Somebody died after it was written, and before that was noted.
		if ((await deps.archive.find(segmentPrefix(name, number), () => true, signal)) !== undefined) continue;
		await deps.archive.writeShared(segmentKey(name, number, last.hash), once(bytes), work.fence, signal);
	}
	return { end: last, shipped };
};

/** Blobs that are there at the end of the segment. */
const liveBlobs = ({ records }: Segment): Iterable<StoredBlob> => {
	const blobs = new Map<string, StoredBlob>();
	for (const row of records) {
		if (row.kind !== "object-live" && row.kind !== "object-condemned") continue;
		const record = parseRecord(row);
		if (record.kind === "object-live") blobs.set(record.digest, record);
		if (record.kind === "object-condemned") blobs.delete(record.digest);
	}
	return blobs.values();
};

const readSegment = async (
	name: string,
	{ store, key }: { readonly store: NamedStore["store"]; readonly key: string },
	signal: AbortSignal,
): Promise<{ readonly segment: Segment; readonly bytes: Buffer } | undefined> => {
	let bytes: Buffer;
	try {
		bytes = Buffer.concat(await Array.fromAsync(readObject(store, key, signal)));
	} catch (error) {
		if (isAbsence(error)) return undefined;
		throw error;
	}
	try {
		return { segment: parseSegment(bytes), bytes };
	} catch (cause) {
		throw backupError("CORRUPT", `the registry's own ${key} in the store ${name} is no segment`, cause);
	}
};

/** Segments of a store that were sealed, in order, after a number. */
async function* sealedSegments(
	{ metadata }: Pick<BackupDeps, "metadata">,
	{ name, after }: { readonly name: string; readonly after: number },
	signal: AbortSignal,
): AsyncGenerator<KnownObject> {
	for (let last = JOURNAL_PREFIX; ; ) {
		const page = await metadata.objects.list(name, { last, limit: PAGE }, signal);
		for (const object of page) {
			if (!object.key.startsWith(JOURNAL_PREFIX)) return;
			if (object.state === "live" && (numberOfKey(object.key) ?? 0) > after) yield object;
			last = object.key;
		}
		if (page.length < PAGE) return;
	}
}

/** Objects asked for at a time. */
const PAGE = 500;

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
	yield bytes;
}
