import type { KnownObject } from "#/metadata/objects.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import { objectColumns, toKnownObject } from "./object-rows.ts";

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
