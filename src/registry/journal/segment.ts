import { hash } from "node:crypto";
import { z } from "zod";
import { formatIssues } from "#/lib/format-issues.ts";
import type { OutboxRow } from "#/metadata/outbox.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";

/** The first line of a segment. */
const SegmentHeader = z.object({
	format: z.literal("limani-journal/1"),
	store: z.string(),
	number: z.int().positive(),
	/** {@link segmentHash} of the segment before; empty before the first. */
	previous: z.string(),
});

/** See the schema of the same name. */
export type SegmentHeader = z.output<typeof SegmentHeader>;

const RecordLine = z.object({ at: z.number(), kind: z.string(), body: z.string() });
const LastLine = z.object({ end: z.int().nonnegative() });

/** A segment that was read back. */
export interface Segment {
	readonly header: SegmentHeader;
	readonly records: readonly JournalRecord[];
}

/**
 * The bytes of a journal segment: JSON lines, first what it is and what it follows, then a record each, last how many
 * there were. So a reader knows that it has the whole of it, and its hash seals everything before it too.
 */
export const formatSegment = (header: Omit<SegmentHeader, "format">, rows: readonly OutboxRow[]): Uint8Array => {
	const lines = [JSON.stringify({ format: "limani-journal/1", ...header })];
	for (const row of rows) lines.push(formatRecordLine(row));
	lines.push(JSON.stringify({ end: rows.length }), "");
	return Buffer.from(lines.join("\n"));
};

/** What the next segment names this one by: SHA-256 over its bytes, in hex. */
export const segmentHash = (bytes: Uint8Array): string => hash("sha256", bytes, "hex");

/** @throws Error with a sentence when the bytes are not one whole segment */
export const parseSegment = (bytes: Uint8Array): Segment => {
	const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
	const [first = "", ...rest] = lines;
	if (rest.pop() !== "") throw new Error("the last line is not whole");
	const header = parseLine(SegmentHeader, first);
	const { end } = parseLine(LastLine, rest.pop() ?? "");
	if (end !== rest.length) throw new Error(`${end} records were written, ${rest.length} are here`);
	return { header, records: rest.map((line) => parseRecordLine(header.store, line)) };
};

/** One record's line, as segments and snapshots have it. */
export const formatRecordLine = ({ at, kind, body }: Omit<JournalRecord, "store">): string =>
	JSON.stringify({ at, kind, body });

/** @throws Error with a sentence when the line is no record */
export const parseRecordLine = (store: string, line: string): JournalRecord => ({
	...parseLine(RecordLine, line),
	store,
});

/** @throws Error with a sentence when the line is not JSON of that shape */
export const parseLine = <T>(schema: z.ZodType<T>, line: string): T => {
	const result = schema.safeParse(JSON.parse(line));
	if (result.success) return result.data;
	throw new Error(formatIssues(result.error.issues));
};
