import { textOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step } from "#/metadata/sql/engine/statement.ts";

/** The next store after one, of each table that names stores; the first two by an index that begins with it. */
const NEXT = [
	"SELECT store FROM repositories WHERE store > ? ORDER BY store LIMIT 1",
	"SELECT store FROM blobs WHERE store > ? ORDER BY store LIMIT 1",
	// A project that is gone for good names the store that it had.
	"SELECT store FROM projects WHERE store > ? AND (removal IS NULL OR removal = 'begun') ORDER BY store LIMIT 1",
] as const;

/** The stores that something is in: see `Usages.stores`. */
export function* usedStores(): Step<readonly string[]> {
	const stores = new Set<string>();
	for (const sql of NEXT) {
		for (let last = ""; ; ) {
			const row = yield* first(sql, last);
			if (row === undefined) break;
			last = textOf(row, "store");
			stores.add(last);
		}
	}
	return [...stores].sort();
}
