import type { Dialect } from "#/metadata/sql/engine/statement.ts";

/** SQLite: the writer is alone, so nothing is locked by row. */
export const sqliteDialect: Dialect = {
	name: "sqlite",
	forUpdate: "",
	forNoKeyUpdate: "",
	forKeyShare: "",
	forShare: "",
	skipLocked: "",
	jsonValues: "json_each(?)",
	anyOf: (query) => `IN (${query})`,
};
