import type { KnownObject } from "#/metadata/objects.ts";
import { isBlobUsed } from "#/metadata/sql/blobs/blob-rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { type Digest, isDigest } from "#/oci/digest.ts";
import { condemnObject, insertIntent, lockObject, OBJECT_COLUMNS, settleObject, toKnownObject } from "./object-rows.ts";

/** Writes the intent for a journal segment or snapshot: see `Objects.intend`. */
export function* intendObject(
	object: {
		readonly store: string;
		readonly key: string;
		readonly purpose: "journal" | "snapshot";
		readonly holder: string;
	},
	context: StepContext,
): Step<void> {
	yield* insertIntent({ ...object, uploadId: null }, context);
}

/** Marks an intended object as live: see `Objects.settle`. Repeating it changes nothing. */
export function* settleIntended(
	{ store, key, size }: { readonly store: string; readonly key: string; readonly size: number },
	context: StepContext,
): Step<void> {
	if (yield* settleObject({ store, key, size, digest: undefined }, context)) return;
	const known = yield* lockObject(store, key, context);
	if (known?.object.state !== "live") throw new Error(`the object ${key} is not being written`);
}

/**
 * Condemns an object: see `Objects.condemn`. One that holds a blob takes the blob with it, which must not be linked
 * anywhere.
 */
export function* condemn(
	{ store, key }: { readonly store: string; readonly key: string },
	context: StepContext,
): Step<void> {
	// The blob's row is locked before the object's, as in all commands, and before the links are looked at.
	const blob = yield* first(
		`SELECT digest FROM blobs WHERE store = ? AND key = ? AND state = 'live'${context.dialect.forUpdate}`,
		store,
		key,
	);
	if (blob !== undefined && typeof blob.digest === "string" && isDigest(blob.digest)) {
		const { digest } = blob;
		if (yield* isBlobUsed(store, digest)) throw new Error(`the object ${key} holds a blob that is linked`);
		return yield* condemnBlob({ store, digest, key }, context);
	}
	const known = yield* lockObject(store, key, context);
	yield* condemnObject({ store, key, writerState: known?.object.writerState }, context);
}

/** Condemns the object of a live blob that is locked and has no link: whoever wants the blob has to push it again. */
export function* condemnBlob(
	{ store, digest, key }: { readonly store: string; readonly digest: Digest; readonly key: string },
	context: StepContext,
): Step<void> {
	yield* all("UPDATE blobs SET state = 'deleting' WHERE store = ? AND digest = ?", store, digest);
	yield* condemnObject({ store, key, writerState: undefined }, context);
	yield* all("DELETE FROM gc_blob_queue WHERE store = ? AND digest = ?", store, digest);
	yield* emit(context, store, { kind: "object-condemned", key, digest, actor: "collector" });
}

/** What {@link claimCondemned} takes. */
export interface ClaimInput {
	readonly holder: string;
	readonly limit: number;
	readonly leaseMs: number;
	readonly staleMs: number;
}

/** Claims condemned objects for deletion: see `Objects.claimCondemned`. */
export function* claimCondemned(claim: ClaimInput, context: StepContext): Step<readonly KnownObject[]> {
	// Their writers died before they could settle or condemn them.
	const abandoned = yield* all(
		`SELECT ${OBJECT_COLUMNS} FROM objects WHERE state = 'writing' AND upload_id IS NULL AND changed_at < ?
		ORDER BY changed_at LIMIT ?${context.dialect.skipLocked}`,
		context.now - claim.staleMs,
		claim.limit,
	);
	for (const object of abandoned.map(toKnownObject)) yield* condemnObject(object, context);
	const rows = yield* all(
		`SELECT ${OBJECT_COLUMNS} FROM objects WHERE state = 'deleting' AND claimed_until <= ?
		ORDER BY claimed_until LIMIT ?${context.dialect.skipLocked}`,
		context.now,
		claim.limit,
	);
	const objects = rows.map(toKnownObject);
	for (const { store, key } of objects) {
		yield* all(
			"UPDATE objects SET claimed_by = ?, claimed_until = ? WHERE store = ? AND key = ?",
			claim.holder,
			context.now + claim.leaseMs,
			store,
			key,
		);
	}
	return objects;
}

/** Forgets an object whose bytes are gone: see `Objects.forget`. */
export function* forgetObject({ store, key }: { readonly store: string; readonly key: string }): Step<void> {
	const gone = yield* first(
		"DELETE FROM objects WHERE store = ? AND key = ? AND state = 'deleting' RETURNING digest",
		store,
		key,
	);
	if (gone === undefined) return;
	// Only while the blob still lies there: meanwhile it may have been pushed again, under another key.
	yield* all("DELETE FROM blobs WHERE store = ? AND key = ? AND state = 'deleting'", store, key);
}
