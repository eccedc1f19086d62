/** Pieces of SQL about any table, in the words of either engine. `t` is the table, `w` a list of keys. */
import type { Dialect } from "#/metadata/sql/engine/statement.ts";
import type { Column, Key, Table } from "./tables.ts";

/** A part of a statement, with what it binds. */
export interface Part {
	readonly sql: string;
	readonly params: readonly (string | number)[];
}

/** A stretch of a table in the order of its key. */
export interface Range {
	/** The key that it begins behind; absent: the table's begin. */
	readonly after?: Key | undefined;
	/** The last key that may be in it; absent: the table's end. */
	readonly upTo?: Key | undefined;
}

/** A name, quoted. */
export const quoted = (name: string): string => `"${name}"`;

/** Columns of `t`. */
export const columnsOf = (columns: readonly Column[]): string =>
	columns.map(({ name }) => `t.${quoted(name)}`).join(", ");

/** The rows of a stretch, as a WHERE clause. */
export const within = ({ key }: Table, { after, upTo }: Range): Part => {
	const columns = columnsOf(key);
	const marks = key.map(() => "?").join(", ");
	const terms = [
		...(after === undefined ? [] : [`(${columns}) > (${marks})`]),
		...(upTo === undefined ? [] : [`(${columns}) <= (${marks})`]),
	];
	return {
		sql: terms.length === 0 ? "" : ` WHERE ${terms.join(" AND ")}`,
		params: [...(after ?? []), ...(upTo ?? [])],
	};
};

/** One parameter, a JSON array of keys, as the table `w`. */
export const keysAs = (dialect: Dialect): string =>
	dialect.name === "sqlite" ? "json_each(?) AS w" : "json_array_elements(CAST(? AS json)) AS w(value)";

/** The values of a key in `w`. */
export const keyValues = (table: Table, dialect: Dialect): readonly string[] =>
	table.key.map(({ type }, place) => {
		const value = `w.value ->> ${place}`;
		if (dialect.name === "sqlite") return value;
		return type === "int" ? `CAST(${value} AS BIGINT)` : `(${value})`;
	});

/** That the row in `t` has the key in `w`. */
export const hasKey = (table: Table, dialect: Dialect): string => {
	const values = keyValues(table, dialect);
	return table.key.map(({ name }, place) => `t.${quoted(name)} = ${values[place]}`).join(" AND ");
};

/** A row as one text that no other row has, the same on both engines. */
export const rowText = ({ columns }: Table, dialect: Dialect): string =>
	columns.map((column) => `${columnText(column, dialect)} || ';'`).join(" || ");

const columnText = ({ name, type }: Column, dialect: Dialect): string => {
	const value = `t.${quoted(name)}`;
	if (type === "int") return `COALESCE(CAST(${value} AS TEXT), 'n')`;
	if (type === "text") return `COALESCE(CAST(octet_length(${value}) AS TEXT) || ':' || ${value}, 'n')`;
	const digits = dialect.name === "sqlite" ? `lower(hex(${value}))` : `encode(${value}, 'hex')`;
	return `CASE WHEN ${value} IS NULL THEN 'n' ELSE ${digits} END`;
};

/** About what a row takes, bytes. */
export const rowSize = ({ columns }: Table): string => {
	const long = columns.filter(({ type }) => type !== "int");
	return [String(columns.length * 16), ...long.map(({ name }) => `COALESCE(octet_length(t.${quoted(name)}), 0)`)].join(
		" + ",
	);
};
