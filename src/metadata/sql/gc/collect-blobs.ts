import { type Collected, type CollectionStep, PIN_PREFIX } from "#/metadata/collection.ts";
import { isBlobUsed } from "#/metadata/sql/blobs/blob-rows.ts";
import { digestOf, intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { condemnBlob } from "#/metadata/sql/objects/object-commands.ts";
import { reviewAfter } from "#/metadata/sql/objects/reviews.ts";
import type { Digest } from "#/oci/digest.ts";
import { judgeBlob } from "./judge.ts";
import { addReclaimed } from "./totals.ts";

interface DueBlob {
	readonly store: string;
	readonly digest: Digest;
}

/** Condemns the objects of blobs without links: see `Collection.collectBlobs`. */
export function* collectBlobs(step: CollectionStep, context: StepContext): Step<Collected> {
	const until = reviewAfter(step.touchedBefore);
	const due = yield* dueBlobs(until, step.limit);
	if (due.length > 0 && (yield* isPinned(context))) return { reviewed: 0, collected: 0, bytes: 0 };
	let collected = 0;
	let bytes = 0;
	for (const blob of due) {
		const size = yield* reviewBlob(blob, until, context);
		if (size === undefined) continue;
		collected += 1;
		bytes += size;
	}
	yield* addReclaimed(collected, bytes, context);
	return { reviewed: due.length, collected, bytes };
}

/**
 * Whether somebody holds a lease by which no blob is to go (see `PIN_PREFIX`). Whoever takes one waits for steps that
 * have looked already, and those after see it.
 */
function* isPinned({ dialect, now }: StepContext): Step<boolean> {
	yield* all(`SELECT reached FROM counters WHERE name = 'fence'${dialect.forShare}`);
	const pin = yield* first(
		"SELECT name FROM leases WHERE name >= ? AND name < ? AND lease_until > ?",
		PIN_PREFIX,
		`${PIN_PREFIX}\uffff`,
		now,
	);
	return pin !== undefined;
}

/** Those whose delay is over, in the order in which they are then locked. */
function* dueBlobs(until: number, limit: number): Step<readonly DueBlob[]> {
	const rows = yield* all(
		"SELECT store, digest FROM gc_blob_queue WHERE review_after < ? ORDER BY review_after LIMIT ?",
		until,
		limit,
	);
	const order = ({ store, digest }: DueBlob): string => `${store} ${digest}`;
	return rows
		.map((row) => ({ store: textOf(row, "store"), digest: digestOf(row, "digest") }))
		.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Ends the review of a blob, or condemns its object and tells its bytes. */
function* reviewBlob({ store, digest }: DueBlob, until: number, context: StepContext): Step<number | undefined> {
	// The blob first, as in all commands: whoever links it has it locked, and what it wrote is seen afterwards.
	const blob = yield* first(
		`SELECT key, size FROM blobs WHERE store = ? AND digest = ? AND state = 'live'${context.dialect.forUpdate}`,
		store,
		digest,
	);
	const row = yield* first(
		`SELECT digest FROM gc_blob_queue WHERE store = ? AND digest = ? AND review_after < ?${context.dialect.forUpdate}`,
		store,
		digest,
		until,
	);
	if (row === undefined) return undefined;
	const verdict = judgeBlob({ isLive: blob !== undefined, isUsed: yield* isBlobUsed(store, digest) });
	if (blob === undefined || verdict === "keep") {
		yield* all("DELETE FROM gc_blob_queue WHERE store = ? AND digest = ?", store, digest);
		return undefined;
	}
	yield* condemnBlob({ store, digest, key: textOf(blob, "key") }, context);
	return intOf(blob, "size");
}
