import { placeBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { condemnObject, insertIntent, settleObject } from "#/metadata/sql/objects/object-rows.ts";
import { reviewBlob } from "#/metadata/sql/objects/reviews.ts";
import type { Digest } from "#/oci/digest.ts";

/** Who moves, in journals. */
export const MOVER = "mover";

/** Writes the intent for a copy: see `Moves.intend`. */
export function* intendCopy(
	object: { readonly store: string; readonly key: string; readonly holder: string },
	context: StepContext,
): Step<void> {
	yield* insertIntent({ ...object, purpose: "blob", uploadId: null }, context);
}

/** Keeps an intent from becoming stale: see `Moves.keep`. */
export function* keepCopy(
	{ store, key }: { readonly store: string; readonly key: string },
	context: StepContext,
): Step<void> {
	yield* all(
		"UPDATE objects SET changed_at = ? WHERE store = ? AND key = ? AND state = 'writing'",
		context.now,
		store,
		key,
	);
}

/** Makes a whole copy the blob: see `Moves.place`. */
export function* placeCopy(
	copy: { readonly store: string; readonly key: string; readonly digest: Digest; readonly size: number },
	context: StepContext,
): Step<{ readonly duplicate: boolean }> {
	const { store, key, digest, size } = copy;
	const place = yield* placeBlob(copy, context.now);
	if (place !== key) {
		yield* condemnObject({ store, key, writerState: undefined }, context);
		return { duplicate: true };
	}
	if (!(yield* settleObject(copy, context))) throw new Error(`the copy ${key} is not being written any more`);
	yield* emit(context, store, { kind: "object-live", key, digest, size, actor: MOVER });
	// Nobody links it yet.
	yield* reviewBlob(store, digest, "blob-restored", context.now);
	return { duplicate: false };
}
