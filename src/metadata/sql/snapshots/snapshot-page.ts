import { formatRecord, type RegistryRecord } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import type { Row, SqlValue } from "#/metadata/sql/engine/statement.ts";

/** Where a page begins: after the row with this key; absent: from the start of the section. */
export type PageKey = readonly SqlValue[];

/** Which page of a section is wanted. */
export interface PageRequest {
	readonly store: string;
	readonly after?: PageKey | undefined;
	/** Rows at most; each gives a record or two. */
	readonly limit: number;
}

/** Records of one page; `next` is where to go on, absent after the last page of the section. */
export interface SnapshotPage {
	readonly records: readonly JournalRecord[];
	readonly next: PageKey | undefined;
}

/** A record as a snapshot line holds it. */
export function toJournal(store: string, at: number, record: RegistryRecord): JournalRecord {
	return { ...formatRecord(record), store, at };
}

/** The records of the rows, and where the next page begins. */
export function toPage(
	rows: readonly Row[],
	limit: number,
	key: readonly string[],
	records: (row: Row) => readonly JournalRecord[],
): SnapshotPage {
	const end = rows.length < limit ? undefined : rows.at(-1);
	return {
		records: rows.flatMap(records),
		next: end && key.map((column) => end[column] ?? null),
	};
}
