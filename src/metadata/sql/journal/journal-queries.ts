import type { JournalSegment, OutboxRow } from "#/metadata/outbox.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";

/** The head of the outbox: see `Outbox.unjournaled`. The first row comes even when it is larger than `maxBytes`. */
export function* unjournaled({
	limit,
	maxBytes,
}: {
	readonly limit: number;
	readonly maxBytes: number;
}): Step<readonly OutboxRow[]> {
	const sizes = yield* all("SELECT seq, size FROM outbox ORDER BY seq LIMIT ?", limit);
	let bytes = 0;
	let count = 0;
	for (const row of sizes) {
		bytes += intOf(row, "size");
		if (count > 0 && bytes > maxBytes) break;
		count += 1;
	}
	if (count === 0) return [];
	const rows = yield* all("SELECT seq, at, store, kind, body FROM outbox ORDER BY seq LIMIT ?", count);
	return rows.map((row) => ({
		seq: intOf(row, "seq"),
		at: intOf(row, "at"),
		store: textOf(row, "store"),
		kind: textOf(row, "kind"),
		body: textOf(row, "body"),
	}));
}

/** The last sealed segment of a store: see `Outbox.lastSegment`. */
export function* lastSegment({ store }: { readonly store: string }): Step<JournalSegment | undefined> {
	const row = yield* first(
		"SELECT store, number, key, hash FROM journal_segments WHERE store = ? ORDER BY number DESC LIMIT 1",
		store,
	);
	if (row === undefined) return undefined;
	return {
		store: textOf(row, "store"),
		number: intOf(row, "number"),
		key: textOf(row, "key"),
		hash: textOf(row, "hash"),
	};
}
