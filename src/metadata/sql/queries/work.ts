import type { KnownObject } from "#/metadata/objects.ts";
import type { JournalSegment, OutboxRow } from "#/metadata/outbox.ts";
import { objectColumns, toKnownObject } from "#/metadata/sql/object-rows.ts";
import { intOf, textOf } from "#/metadata/sql/rows.ts";
import { all, first, type Step } from "#/metadata/sql/statement.ts";
import { findUpload as findUploadRow } from "#/metadata/sql/upload-rows.ts";
import type { Upload } from "#/metadata/uploads.ts";

/** The upload, if it is one of this repository: see `Uploads.find`. */
export function* findUpload({
	repository,
	id,
}: {
	readonly repository: string;
	readonly id: string;
}): Step<Upload | undefined> {
	const row = yield* findUploadRow(id);
	return row?.upload.repository === repository ? row.upload : undefined;
}

/** A page of physical objects: see `Objects.list`. */
export function* listObjects(page: {
	readonly store: string;
	readonly last?: string | undefined;
	readonly limit: number;
}): Step<readonly KnownObject[]> {
	const rows = yield* all(
		`SELECT ${objectColumns} FROM objects WHERE store = ? AND key > ? ORDER BY key LIMIT ?`,
		page.store,
		page.last ?? "",
		page.limit,
	);
	return rows.map(toKnownObject);
}

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
