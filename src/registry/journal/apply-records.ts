import type { JournalRecord } from "#/metadata/snapshots.ts";

/** What was applied. */
export interface AppliedRecords {
	readonly records: number;
	/** When the last change was made, milliseconds since the epoch; absent without any. */
	readonly lastAt: number | undefined;
}

/** Records applied in one transaction. */
const BATCH = 200;

/** Applies records in order, some at a time by `apply`. @throws MetadataError */
export const applyRecords = async (
	apply: (records: readonly JournalRecord[]) => Promise<unknown>,
	records: AsyncIterable<JournalRecord>,
): Promise<AppliedRecords> => {
	let applied = 0;
	let lastAt: number | undefined;
	let batch: JournalRecord[] = [];
	const flush = async (): Promise<void> => {
		if (batch.length > 0) await apply(batch);
		batch = [];
	};
	for await (const record of records) {
		applied += 1;
		lastAt = Math.max(lastAt ?? 0, record.at);
		if (batch.push(record) >= BATCH) await flush();
	}
	await flush();
	return { records: applied, lastAt };
};

/** The records of several journals by the time of their changes; within a journal the order stays. */
export async function* inOrder(journals: readonly AsyncGenerator<JournalRecord>[]): AsyncGenerator<JournalRecord> {
	const heads = await Promise.all(journals.map(async (rest) => ({ rest, head: await rest.next() })));
	for (;;) {
		let first: (typeof heads)[number] | undefined;
		for (const journal of heads) {
			if (journal.head.done === true) continue;
			if (first === undefined || first.head.done === true || journal.head.value.at < first.head.value.at)
				first = journal;
		}
		if (first === undefined || first.head.done === true) return;
		yield first.head.value;
		first.head = await first.rest.next();
	}
}
