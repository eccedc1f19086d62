/** Small objects of an archive: a line of JSON, and a line with its checksum. */
import { hash } from "node:crypto";
import { z } from "zod";
import { formatIssues } from "#/lib/format-issues.ts";
import type { Archive } from "./archive.ts";
import { BackupError } from "./backup-error.ts";

const count = z.int().nonnegative();
const text = z.string();

/** How far the journal of each store lies in the archive: its last segment, 0 and empty before the first. */
const journalEnds = z.record(text, z.object({ number: count, hash: text }));

/** The manifest of a backup. It is written last: where it is, all that it names is. */
export const backupManifest = z.object({
	format: z.literal("limani-backup/1"),
	id: text,
	/** Instants: milliseconds since the epoch, by the database's clock; those of the work by the machine's. */
	startedAt: count,
	finishedAt: count,
	/** What it is a backup of: the registry at this instant. */
	at: count,
	stores: z.array(
		z.object({
			name: text,
			/** Records as of an instant before `at`; the segments after `segment` have the rest. */
			snapshot: text,
			/** SHA-256 of the snapshot, hex. */
			sha256: text,
			segment: count,
			hash: text,
			blobs: count,
			bytes: count,
		}),
	),
	journal: journalEnds,
	/** What was not in the archive before. */
	copied: z.object({ blobs: count, bytes: count }),
	/** Blobs that were read back and had their digest. */
	verified: count,
});

/** See the schema of the same name. */
export type BackupManifest = z.output<typeof backupManifest>;

/** How far the journal is in the archive. */
export const journalMark = z.object({
	format: z.literal("limani-mark/1"),
	/** Every change that was committed up to here is in it, milliseconds since the epoch by the database's clock. */
	until: count,
	journal: journalEnds,
});

/** See the schema of the same name. */
export type JournalMark = z.output<typeof journalMark>;

/** Blobs that are about to be deleted: no backup that is made from now on counts on them. */
export const condemnedList = z.object({ format: z.literal("limani-condemned/1"), keys: z.array(text) });

/** @throws StoreError */
export const writeDocument = async (
	archive: Archive,
	key: string,
	document: object,
	signal: AbortSignal,
): Promise<void> => {
	const line = JSON.stringify(document);
	const bytes = Buffer.from(`${line}\n${hash("sha256", line, "hex")}\n`);
	const pieces = async function* () {
		yield bytes;
	};
	await archive.write(key, pieces(), signal);
};

/** @throws BackupError CORRUPT, SEALED, INCOMPLETE; StoreError */
export const readDocument = async <T>(
	archive: Archive,
	{ key, schema }: { readonly key: string; readonly schema: z.ZodType<T> },
	signal: AbortSignal,
): Promise<T> => {
	const bytes = Buffer.concat(await Array.fromAsync(archive.read(key, signal)));
	const [line = "", checksum, end, ...more] = bytes.toString("utf8").split("\n");
	if (end !== "" || more.length > 0 || checksum !== hash("sha256", line, "hex")) {
		throw new BackupError("CORRUPT", `${key} in the archive was changed, or is cut short`);
	}
	const parsed = schema.safeParse(JSON.parse(line));
	if (parsed.success) return parsed.data;
	throw new BackupError("CORRUPT", `${key} in the archive: ${formatIssues(parsed.error.issues)}`);
};
