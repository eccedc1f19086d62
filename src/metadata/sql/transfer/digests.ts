import { createHash } from "node:crypto";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Table } from "./tables.ts";
import { columnsOf, hasKey, keysAs, type Part, quoted, type Range, rowText, within } from "./texts.ts";

/** What a set of rows is told by: their number, and the SHA-256 over all of them in the order of their keys. */
export interface RowsDigest {
	readonly rows: number;
	readonly digest: string;
}

/** Of a stretch of a table. */
export function* digestRange(
	{ table, range }: { readonly table: Table; readonly range: Range },
	context: StepContext,
): Step<RowsDigest> {
	const { sql, params } = within(table, range);
	return yield* digestOf(table, { sql: `${quoted(table.name)} AS t${sql}`, params }, context);
}

/** Of the rows that have the keys of a JSON array. Keys without a row add nothing. */
export function* digestKeys(
	{ table, keys }: { readonly table: Table; readonly keys: string },
	context: StepContext,
): Step<RowsDigest> {
	const { dialect } = context;
	const sql = `${keysAs(dialect)} CROSS JOIN ${quoted(table.name)} AS t WHERE ${hasKey(table, dialect)}`;
	return yield* digestOf(table, { sql, params: [keys] }, context);
}

function* digestOf(table: Table, { sql, params }: Part, { dialect }: StepContext): Step<RowsDigest> {
	const order = columnsOf(table.key);
	const text = rowText(table, dialect);
	if (dialect.name === "sqlite") {
		const rows = yield* all(`SELECT ${text} AS text FROM ${sql} ORDER BY ${order}`, ...params);
		const hash = createHash("sha256");
		for (const row of rows) hash.update(textOf(row, "text"));
		return { rows: rows.length, digest: hash.digest("hex") };
	}
	// The server hashes: what is compared need not cross the network.
	const row = yield* first(
		`SELECT count(*) AS rows, encode(sha256(convert_to(
			COALESCE(string_agg(${text}, '' ORDER BY ${order}), ''), 'UTF8')), 'hex') AS digest FROM ${sql}`,
		...params,
	);
	return row === undefined ? { rows: 0, digest: "" } : { rows: intOf(row, "rows"), digest: textOf(row, "digest") };
}
