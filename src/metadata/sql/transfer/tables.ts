/** What a transfer takes along: every table of the schema, as the embedded database itself tells it. */
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";

/** A column, in the schema's own words. */
export interface Column {
	readonly name: string;
	readonly type: "int" | "text" | "bytes";
}

/** A table. */
export interface Table {
	readonly name: string;
	/** All of them, in order. */
	readonly columns: readonly Column[];
	/** Those of the primary key, in its order. */
	readonly key: readonly Column[];
	/** Whether the database gives out its keys, and never one twice. */
	readonly isNumbered: boolean;
}

/** Values of a primary key, in its order. */
export type Key = readonly (string | number)[];

/** What each database has for itself: its schema's number, its writer's clock, and what transfers keep. */
const OWN: ReadonlySet<string> = new Set([
	"migrations",
	"writer_clock",
	"transfer_changes",
	"transfer_departure",
	"transfer_arrival",
]);

const TYPES: { readonly [type: string]: Column["type"] } = { INTEGER: "int", TEXT: "text", BLOB: "bytes" };

/** Every table that a transfer takes along, of an embedded database. @throws Error for one that it could not */
export function* listTables(): Step<readonly Table[]> {
	const rows = yield* all("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name");
	const tables: Table[] = [];
	for (const row of rows) {
		const name = textOf(row, "name");
		if (OWN.has(name) || name.startsWith("sqlite_")) continue;
		tables.push(yield* describeTable(name, textOf(row, "sql")));
	}
	return tables;
}

function* describeTable(name: string, sql: string): Step<Table> {
	const rows = yield* all("SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid", name);
	const columns = rows.map((row) => toColumn(name, textOf(row, "name"), textOf(row, "type")));
	const key = rows
		.map((row, index) => ({ column: columns[index], place: Number(row.pk) }))
		.filter(({ place }) => place > 0)
		.toSorted((one, other) => one.place - other.place)
		.flatMap(({ column }) => (column === undefined ? [] : [column]));
	if (key.length === 0 || key.some(({ type }) => type === "bytes")) {
		throw new Error(`the table ${name} has no primary key of numbers and texts: it cannot be copied in pages`);
	}
	return { name, columns, key, isNumbered: /\bAUTOINCREMENT\b/.test(sql) };
}

const toColumn = (table: string, name: string, declared: string): Column => {
	const type = TYPES[declared];
	if (type === undefined) throw new Error(`the column ${table}.${name} is ${declared}: it cannot be copied`);
	return { name, type };
};

/** Rows that a table has. */
export function* countRows({ table }: { readonly table: Table }): Step<number> {
	const row = yield* first(`SELECT count(*) AS n FROM "${table.name}"`);
	return row === undefined ? 0 : intOf(row, "n");
}
