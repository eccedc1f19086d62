/** What a transfer reads of the embedded database, in pieces of a bounded size. */
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { digestKeys, digestRange, type RowsDigest } from "./digests.ts";
import type { Column, Key, Table } from "./tables.ts";
import { columnsOf, hasKey, keysAs, quoted, type Range, rowSize, within } from "./texts.ts";

/** Where a piece begins, and how large it may be; one row may be larger. */
export interface PageInput {
	readonly table: Table;
	readonly after?: Key | undefined;
	readonly maxRows: number;
	readonly maxBytes: number;
}

/** A piece of a table. */
export interface Page {
	/** Up to the table's end where `upTo` is absent: nothing follows then. */
	readonly range: Range;
	readonly rows: number;
	/** The rows as a JSON array of objects; bytes as hexadecimal digits. */
	readonly json: string;
}

/** The next piece of a table. */
export function* readPage(input: PageInput): Step<Page> {
	const { table } = input;
	const { range, rows } = yield* bound(input);
	const { sql, params } = within(table, range);
	const from = `${quoted(table.name)} AS t${sql} ORDER BY ${columnsOf(table.key)}`;
	const row = yield* first(
		`SELECT json_group_array(json(row)) AS json FROM (SELECT ${rowJson(table)} AS row FROM ${from})`,
		...params,
	);
	return { range, rows, json: row === undefined ? "[]" : textOf(row, "json") };
}

/** The next piece of a table, by what it is told by. */
export function* readCheckpoint(input: PageInput, context: StepContext): Step<RowsDigest & { readonly range: Range }> {
	const { range } = yield* bound(input);
	return { range, ...(yield* digestRange({ table: input.table, range }, context)) };
}

/** Whether all of a table fits into one piece of such a size. */
export function* isSmall(input: PageInput): Step<boolean> {
	const { range } = yield* bound(input);
	return range.upTo === undefined;
}

function* bound({
	table,
	after,
	maxRows,
	maxBytes,
}: PageInput): Step<{ readonly range: Range; readonly rows: number }> {
	const { sql, params } = within(table, { after });
	const rows = yield* all(
		`SELECT ${columnsOf(table.key)}, ${rowSize(table)} AS "row size" FROM ${quoted(table.name)} AS t${sql}
		ORDER BY ${columnsOf(table.key)} LIMIT ?`,
		...params,
		maxRows,
	);
	const taken = fitting(rows, maxBytes);
	const last = rows[taken - 1];
	const isEnd = taken === rows.length && rows.length < maxRows;
	return { range: { after, upTo: isEnd || last === undefined ? undefined : keyOf(table, last) }, rows: taken };
}

/** How many of the first rows fit, but one at least. */
const fitting = (rows: readonly Row[], maxBytes: number): number => {
	let bytes = 0;
	const beyond = rows.findIndex((row) => {
		bytes += intOf(row, "row size");
		return bytes > maxBytes;
	});
	return beyond < 0 ? rows.length : Math.max(1, beyond);
};

const keyOf = ({ key }: Table, row: Row): Key =>
	key.map(({ name, type }) => (type === "int" ? intOf(row, name) : textOf(row, name)));

const rowJson = ({ columns }: Table): string => `json_object(${columns.map(member).join(", ")})`;

const member = ({ name, type }: Column): string => {
	const value = `t.${quoted(name)}`;
	return `'${name}', ${type === "bytes" ? `CASE WHEN ${value} IS NULL THEN NULL ELSE hex(${value}) END` : value}`;
};

/** Which rows are wanted. */
export interface RowsInput {
	readonly table: Table;
	/** Keys, each as JSON. */
	readonly keys: readonly string[];
	readonly maxBytes: number;
}

/** Rows by their keys. */
export interface KeyedRows extends RowsDigest {
	/** How many of the keys, from the first, were looked up: fewer than were asked for where the rows are large. */
	readonly taken: number;
	/** As in {@link Page}. */
	readonly json: string;
}

/** The rows that the first of the keys have at present. */
export function* readRows({ table, keys, maxBytes }: RowsInput, context: StepContext): Step<KeyedRows> {
	const from = `${keysAs(context.dialect)} CROSS JOIN ${quoted(table.name)} AS t WHERE ${hasKey(table, context.dialect)}`;
	const sizes = yield* all(
		`SELECT w.key AS place, ${rowSize(table)} AS "row size" FROM ${from} ORDER BY w.key`,
		listOf(keys),
	);
	const fits = fitting(sizes, maxBytes);
	const beyond = sizes[fits];
	const taken = beyond === undefined ? keys.length : intOf(beyond, "place");
	const wanted = listOf(keys.slice(0, taken));
	const row = yield* first(`SELECT json_group_array(${rowJson(table)}) AS json FROM ${from}`, wanted);
	const digest = yield* digestKeys({ table, keys: wanted }, context);
	return { taken, json: row === undefined ? "[]" : textOf(row, "json"), ...digest };
}

/** Keys, each as JSON, as one JSON array. */
export const listOf = (keys: readonly string[]): string => `[${keys.join(",")}]`;
