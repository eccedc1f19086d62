import type { CollectionTotals } from "#/metadata/collection.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** Rows of each queue that are counted. */
const COUNTED = 10_000;
/** Rows of each queue that are looked into, those first whose turn comes first. */
const LOOKED_INTO = 1_000;

const OBJECTS = "reclaimed-objects";
const BYTES = "reclaimed-bytes";
const AT = "reclaimed-at";

/** Adds what a batch took away to the totals: the last thing that a command locks, in one statement for all of it. */
export function* addReclaimed(objects: number, bytes: number, context: StepContext): Step<void> {
	if (objects === 0) return;
	// In the order of the names, so that no two commands wait for each other.
	yield* all(
		`INSERT INTO counters (name, reached) VALUES (CAST(? AS TEXT), CAST(? AS BIGINT)),
			(CAST(? AS TEXT), CAST(? AS BIGINT)), (CAST(? AS TEXT), CAST(? AS BIGINT))
		ON CONFLICT (name) DO UPDATE SET reached = CASE WHEN counters.name = '${AT}'
			THEN excluded.reached ELSE counters.reached + excluded.reached END`,
		AT,
		context.now,
		BYTES,
		bytes,
		OBJECTS,
		objects,
	);
}

/** What was taken away so far, and what is about to be: see `Collection.totals`. */
export function* collectionTotals(): Step<CollectionTotals> {
	const rows = yield* all(`SELECT name, reached FROM counters WHERE name IN ('${AT}', '${BYTES}', '${OBJECTS}')`);
	const kept = new Map(rows.map((row) => [row.name, intOf(row, "reached")]));
	const at = kept.get(AT);
	const links = yield* unusedLinks();
	const blobs = yield* unusedBlobs();
	const condemned = yield* condemnedObjects();
	return {
		reclaimed: {
			objects: kept.get(OBJECTS) ?? 0,
			bytes: kept.get(BYTES) ?? 0,
			...(at === undefined ? {} : { at }),
		},
		waiting: {
			reviews: (yield* countQueue("gc_link_queue")) + (yield* countQueue("gc_blob_queue")),
			objects: links.objects + blobs.objects + condemned.objects,
			bytes: links.bytes + blobs.bytes + condemned.bytes,
		},
	};
}

interface Amount {
	readonly objects: number;
	readonly bytes: number;
}

function* countQueue(queue: "gc_link_queue" | "gc_blob_queue"): Step<number> {
	const row = yield* first(
		`SELECT COUNT(*) AS reviews FROM (SELECT review_after FROM ${queue} LIMIT ?) AS counted`,
		COUNTED,
	);
	return row === undefined ? 0 : intOf(row, "reviews");
}

// CROSS JOIN keeps SQLite to the order of the tables: from the rows of a queue, never from all that there is.

/** Blobs that one repository links and no manifest of it uses. */
const unusedLinks = (): Step<Amount> =>
	amountOf(`SELECT b.size FROM
		(SELECT repository_id, digest FROM gc_link_queue ORDER BY review_after LIMIT ?) AS counted
		CROSS JOIN repository_blobs l CROSS JOIN blobs b
		WHERE l.repository_id = counted.repository_id AND l.digest = counted.digest
		AND b.store = l.store AND b.digest = l.digest AND b.state = 'live'
		AND NOT EXISTS (SELECT 1 FROM manifest_blobs m WHERE m.repository_id = l.repository_id AND m.digest = l.digest)
		AND NOT EXISTS (SELECT 1 FROM repository_blobs o
			WHERE o.store = l.store AND o.digest = l.digest AND o.repository_id <> l.repository_id)
		AND NOT EXISTS (SELECT 1 FROM deleted_manifest_blobs h WHERE h.store = l.store AND h.digest = l.digest)`);

/** Blobs that nobody links, and that nothing needs which can be restored. */
const unusedBlobs = (): Step<Amount> =>
	amountOf(`SELECT b.size FROM (SELECT store, digest FROM gc_blob_queue ORDER BY review_after LIMIT ?) AS counted
		CROSS JOIN blobs b WHERE b.store = counted.store AND b.digest = counted.digest AND b.state = 'live'
		AND NOT EXISTS (SELECT 1 FROM repository_blobs l WHERE l.store = b.store AND l.digest = b.digest)
		AND NOT EXISTS (SELECT 1 FROM deleted_manifest_blobs h WHERE h.store = b.store AND h.digest = b.digest)`);

/** Objects of any purpose whose bytes a store is about to delete. */
const condemnedObjects = (): Step<Amount> =>
	amountOf("SELECT size FROM objects WHERE state = 'deleting' ORDER BY claimed_until LIMIT ?");

function* amountOf(sizes: string): Step<Amount> {
	const row = yield* first(
		`SELECT COUNT(*) AS objects, CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM (${sizes}) AS picked`,
		LOOKED_INTO,
	);
	return row === undefined ? { objects: 0, bytes: 0 } : { objects: intOf(row, "objects"), bytes: intOf(row, "bytes") };
}
