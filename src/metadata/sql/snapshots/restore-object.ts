import type { RecordOf } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { reviewBlob } from "#/metadata/sql/objects/reviews.ts";

/** Makes the key the place of the blob. A later record of the same blob wins. */
export function* restoreObject(
	{ key, digest, size }: RecordOf<"object-live">,
	{ store, at }: JournalRecord,
	context: StepContext,
): Step<void> {
	yield* all(
		`INSERT INTO objects (store, key, purpose, state, size, digest, holder, upload_id, writer_state, changed_at,
			claimed_by, claimed_until) VALUES (?, ?, 'blob', 'live', ?, ?, '', NULL, NULL, ?, NULL, 0)
		ON CONFLICT (store, key) DO UPDATE SET state = 'live', size = excluded.size, digest = excluded.digest`,
		store,
		key,
		size,
		digest,
		at,
	);
	// A place that the blob had in a record before is none any more; its bytes may still be there.
	yield* all(
		`UPDATE objects SET state = 'deleting', claimed_until = ? WHERE store = ? AND key <> ?
		AND key = (SELECT key FROM blobs WHERE store = ? AND digest = ?)`,
		context.now,
		store,
		key,
		store,
		digest,
	);
	yield* all(
		`INSERT INTO blobs (store, digest, key, size, state, created_at) VALUES (?, ?, ?, ?, 'live', ?)
		ON CONFLICT (store, digest) DO UPDATE SET
			key = excluded.key, size = excluded.size, state = 'live', created_at = excluded.created_at`,
		store,
		digest,
		key,
		size,
		at,
	);
	// Nobody may link it any more.
	yield* reviewBlob(store, digest, "blob-restored", context.now);
}

/** The blob is no more. Its object is condemned, for its bytes may still be there; deleting them twice does no harm. */
export function* condemnRestored(
	{ key, digest }: RecordOf<"object-condemned">,
	{ store, at }: JournalRecord,
	context: StepContext,
): Step<void> {
	yield* all(
		`INSERT INTO objects (store, key, purpose, state, size, digest, holder, upload_id, writer_state, changed_at,
			claimed_by, claimed_until) VALUES (?, ?, 'blob', 'deleting', NULL, ?, '', NULL, NULL, ?, NULL, ?)
		ON CONFLICT (store, key) DO UPDATE SET state = 'deleting', claimed_until = excluded.claimed_until`,
		store,
		key,
		digest,
		at,
		context.now,
	);
	yield* all("UPDATE blobs SET state = 'deleting' WHERE store = ? AND digest = ? AND key = ?", store, digest, key);
}
