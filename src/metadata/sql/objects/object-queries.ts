import type { KnownObject } from "#/metadata/objects.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";
import { OBJECT_COLUMNS, toKnownObject } from "./object-rows.ts";

/** A page of physical objects: see `Objects.list`. */
export function* listObjects(page: {
	readonly store: string;
	readonly last?: string | undefined;
	readonly limit: number;
}): Step<readonly KnownObject[]> {
	const rows = yield* all(
		`SELECT ${OBJECT_COLUMNS} FROM objects WHERE store = ? AND key > ? ORDER BY key LIMIT ?`,
		page.store,
		page.last ?? "",
		page.limit,
	);
	return rows.map(toKnownObject);
}
