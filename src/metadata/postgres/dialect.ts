import type { Dialect } from "#/metadata/sql/engine/statement.ts";

/** PostgreSQL under READ COMMITTED: commands lock the rows that they decide on. */
export const postgresDialect: Dialect = {
	name: "postgres",
	forUpdate: " FOR UPDATE",
	forNoKeyUpdate: " FOR NO KEY UPDATE",
	forKeyShare: " FOR KEY SHARE",
	forShare: " FOR SHARE",
	skipLocked: " FOR UPDATE SKIP LOCKED",
	jsonValues: "json_array_elements_text(CAST(? AS json))",
	anyOf: (query) => `= ANY(ARRAY(${query}))`,
};
