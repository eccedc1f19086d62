import type { MasterKey } from "#/auth/master-key.ts";
import { MasterKeyError } from "#/auth/master-key-error.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import type { JournalRecord, Snapshots } from "#/metadata/snapshots.ts";

/** Records that hold what secrets are checked with: they leave the database sealed, since stores are read by others. */
const SECRET_KINDS: ReadonlySet<string> = new Set(["user-put", "robot-put"]);

/** What seals and opens: see {@link MasterKey}. */
export type Sealer = Pick<MasterKey, "seal" | "open">;

/** The same outbox, whose records with secrets are sealed when they are read for the journal. */
export const sealedOutbox = (outbox: Outbox, sealer: Sealer): Outbox => ({
	...outbox,
	unjournaled: async (...asked) => (await outbox.unjournaled(...asked)).map((row) => sealRecord(row, sealer)),
});

/**
 * The same snapshots: records with secrets are sealed when exported, and opened again before they are restored.
 *
 * @param lost is told of a record that another master key sealed; it is left out
 */
export const sealedSnapshots = (
	snapshots: Snapshots,
	sealer: Sealer,
	lost: (record: JournalRecord, why: MasterKeyError) => void = () => undefined,
): Snapshots => ({
	...snapshots,
	export: async (...asked) => {
		const { records, ...anchor } = await snapshots.export(...asked);
		return { ...anchor, records: sealAll(records, sealer) };
	},
	restore: (records, fence) =>
		snapshots.restore(
			records.flatMap((record) => openOrLose(record, sealer, lost)),
			fence,
		),
});

async function* sealAll(records: AsyncIterable<JournalRecord>, sealer: Sealer): AsyncGenerator<JournalRecord> {
	for await (const record of records) yield sealRecord(record, sealer);
}

const sealRecord = <R extends JournalRecord>(record: R, sealer: Sealer): R => {
	if (!SECRET_KINDS.has(record.kind)) return record;
	const sealed = Buffer.from(sealer.seal(Buffer.from(record.body), purposeOf(record.kind))).toString("base64");
	return { ...record, body: JSON.stringify({ sealed }) };
};

const openOrLose = (
	record: JournalRecord,
	sealer: Sealer,
	lost: (record: JournalRecord, why: MasterKeyError) => void,
): readonly JournalRecord[] => {
	try {
		return [openRecord(record, sealer)];
	} catch (error) {
		if (!(error instanceof MasterKeyError)) throw error;
		lost(record, error);
		return [];
	}
};

/** @throws MasterKeyError when it was sealed by another master key, or changed */
const openRecord = (record: JournalRecord, sealer: Sealer): JournalRecord => {
	if (!SECRET_KINDS.has(record.kind)) return record;
	const content: unknown = JSON.parse(record.body);
	if (typeof content !== "object" || content === null || !("sealed" in content)) return record;
	const opened = sealer.open(Buffer.from(String(content.sealed), "base64"), purposeOf(record.kind));
	return { ...record, body: Buffer.from(opened).toString("utf8") };
};

const purposeOf = (kind: string): string => `journal:${kind}`;
