import type { KnownObject } from "#/metadata/objects.ts";
import { intOf, maybeInt, maybeText, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { writerStateOf } from "#/metadata/sql/uploads/upload-rows.ts";

/** The columns of {@link toKnownObject}. */
export const OBJECT_COLUMNS = "store, key, purpose, state, size, digest, writer_state";

/** What a row says of a physical object. */
export function toKnownObject(row: Row): KnownObject {
	return {
		store: textOf(row, "store"),
		key: textOf(row, "key"),
		purpose: wordOf(row, "purpose", ["blob", "journal", "snapshot"]),
		state: wordOf(row, "state", ["writing", "live", "deleting"]),
		size: maybeInt(row, "size"),
		digest: maybeText(row, "digest"),
		writerState: writerStateOf(row, "writer_state"),
	};
}

/** Writes the intent for an object, before its first byte. Throws when the key was used before. */
export function* insertIntent(
	object: Pick<KnownObject, "store" | "key" | "purpose"> & {
		readonly holder: string;
		readonly uploadId: string | null;
	},
	context: StepContext,
): Step<void> {
	yield* all(
		`INSERT INTO objects (store, key, purpose, state, size, digest, holder, upload_id, writer_state, changed_at,
			claimed_by, claimed_until) VALUES (?, ?, ?, 'writing', NULL, NULL, ?, ?, NULL, ?, NULL, 0)`,
		object.store,
		object.key,
		object.purpose,
		object.holder,
		object.uploadId,
		context.now,
	);
}

/** Marks an object that was being written as live; false when it is not being written (any more). */
export function* settleObject(
	object: Pick<KnownObject, "store" | "key" | "digest"> & { readonly size: number },
	context: StepContext,
): Step<boolean> {
	const row = yield* first(
		`UPDATE objects SET state = 'live', size = ?, digest = ?, upload_id = NULL, changed_at = ?
		WHERE store = ? AND key = ? AND state = 'writing' RETURNING key`,
		object.size,
		object.digest ?? null,
		context.now,
		object.store,
		object.key,
	);
	return row !== undefined;
}

/** Condemns an object: its bytes may be deleted from now on. `writerState` tells how, when it was not finished. */
export function* condemnObject(
	object: Pick<KnownObject, "store" | "key" | "writerState">,
	context: StepContext,
): Step<void> {
	yield* all(
		`UPDATE objects SET state = 'deleting', upload_id = NULL, writer_state = ?, changed_at = ?, claimed_by = NULL,
			claimed_until = ? WHERE store = ? AND key = ? AND state <> 'deleting'`,
		object.writerState === undefined ? null : JSON.stringify(object.writerState),
		context.now,
		// In the order of being condemned, before anything whose claim will run out later.
		context.now,
		object.store,
		object.key,
	);
}

/** Whether the object is there and in which state, locked until the end of the command. */
export function* lockObject(
	store: string,
	key: string,
	context: StepContext,
): Step<{ readonly object: KnownObject; readonly changedAt: number } | undefined> {
	const row = yield* first(
		`SELECT ${OBJECT_COLUMNS}, changed_at FROM objects WHERE store = ? AND key = ?${context.dialect.forUpdate}`,
		store,
		key,
	);
	return row && { object: toKnownObject(row), changedAt: intOf(row, "changed_at") };
}
