/** What a transfer writes into its target, under its fence. */
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Dialect, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { holdFence, markSettled } from "./arrival.ts";
import { digestKeys, type RowsDigest } from "./digests.ts";
import type { Column, Table } from "./tables.ts";
import { hasKey, keysAs, keyValues, quoted, type Range, within } from "./texts.ts";
import { TransferError } from "./transfer-error.ts";

/** What {@link loadPage} takes. */
export interface LoadPageInput {
	readonly fence: number;
	readonly table: Table;
	readonly range: Range;
	/** As `Page.json` has it. */
	readonly json: string;
}

/** Puts rows in place of whatever a stretch of a table has. */
export function* loadPage({ fence, table, range, json }: LoadPageInput, context: StepContext): Step<void> {
	yield* holdFence(fence, context);
	const { sql, params } = within(table, range);
	yield* all(`DELETE FROM ${quoted(table.name)} AS t${sql}`, ...params);
	yield* all(insertion(table, context.dialect), json);
}

/** What {@link dropRows} takes. */
export interface DropRowsInput {
	readonly fence: number;
	readonly table: Table;
	/** A JSON array of keys. */
	readonly keys: string;
}

/** Deletes the rows that have these keys. */
export function* dropRows({ fence, table, keys }: DropRowsInput, context: StepContext): Step<void> {
	yield* holdFence(fence, context);
	yield* all(deletion(table, context.dialect), keys);
}

/** What {@link loadRows} takes. */
export interface LoadRowsInput extends DropRowsInput {
	readonly json: string;
	/** What the rows of these keys are told by at the source. */
	readonly expected: RowsDigest;
}

/** Puts in the rows of keys that have none. @throws TransferError DIFFERENT when what is there then is not the source's */
export function* loadRows({ fence, table, keys, json, expected }: LoadRowsInput, context: StepContext): Step<void> {
	yield* holdFence(fence, context);
	yield* all(insertion(table, context.dialect), json);
	const found = yield* digestKeys({ table, keys }, context);
	assertSame(table, expected, found);
}

/** @throws TransferError DIFFERENT */
export const assertSame = ({ name }: Table, expected: RowsDigest, found: RowsDigest): void => {
	if (found.rows === expected.rows && found.digest === expected.digest) return;
	throw new TransferError(
		"DIFFERENT",
		`the table ${name} is not the same in the target: ${expected.rows} rows with digest ${expected.digest} were expected, ${found.rows} with ${found.digest} are there`,
	);
};

const deletion = (table: Table, dialect: Dialect): string => {
	if (dialect.name === "postgres") {
		return `DELETE FROM ${quoted(table.name)} AS t USING ${keysAs(dialect)} WHERE ${hasKey(table, dialect)}`;
	}
	const columns = table.key.map(({ name }) => quoted(name)).join(", ");
	return `DELETE FROM ${quoted(table.name)} WHERE (${columns}) IN (SELECT ${keyValues(table, dialect).join(", ")} FROM ${keysAs(dialect)})`;
};

const insertion = ({ name, columns }: Table, dialect: Dialect): string => {
	const names = columns.map((column) => quoted(column.name)).join(", ");
	const values = columns.map((column) => loadedValue(column, dialect)).join(", ");
	return `INSERT INTO ${quoted(name)} (${names}) SELECT ${values} FROM ${rowsAs(columns, dialect)}`;
};

const loadedValue = ({ name, type }: Column, { name: engine }: Dialect): string => {
	const value = engine === "sqlite" ? `r.value ->> '${name}'` : `r.${quoted(name)}`;
	if (type !== "bytes") return value;
	return engine === "sqlite" ? `unhex(${value})` : `decode(${value}, 'hex')`;
};

const rowsAs = (columns: readonly Column[], dialect: Dialect): string => {
	if (dialect.name === "sqlite") return "json_each(?) AS r";
	const types = columns.map(({ name, type }) => `${quoted(name)} ${type === "int" ? "BIGINT" : "TEXT"}`);
	return `json_to_recordset(CAST(? AS json)) AS r(${types.join(", ")})`;
};

/**
 * How far the two clocks may be apart, milliseconds: what waits for a time must not be brought about by another clock.
 * Less than what replication reads again of what it has seen.
 */
const CLOCKS_MS = 20_000;

/** @throws TransferError CLOCKS */
export const assertClocks = (ahead: number): void => {
	if (Math.abs(ahead) <= CLOCKS_MS) return;
	const words = `${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? "ahead of" : "behind"}`;
	throw new TransferError(
		"CLOCKS",
		`the target's clock is ${words} that of the embedded database: set the machines' clocks right`,
	);
};

/** What {@link settle} takes. */
export interface SettleInput {
	readonly fence: number;
	readonly tables: readonly Table[];
	/** The last number that the source gave out, by table. */
	readonly numbers: readonly { readonly table: string; readonly last: number }[];
	/** The source's time, read before this was asked for. */
	readonly sourceNow: number;
}

/**
 * Makes the target fit to go on where the source ends: numbers go on behind the last one, and leases last as long as they
 * would have, told by the target's clock.
 */
export function* settle({ fence, tables, numbers, sourceNow }: SettleInput, context: StepContext): Step<void> {
	yield* holdFence(fence, context);
	// Read later than the source's time: rather too much than too little.
	const ahead = context.now - sourceNow;
	assertClocks(ahead);
	yield* all("UPDATE leases SET lease_until = lease_until + ? WHERE lease_until > ?", ahead, sourceNow);
	yield* all("UPDATE uploads SET lease_until = lease_until + ? WHERE lease_until > ?", ahead, sourceNow);
	yield* all(
		"UPDATE objects SET claimed_until = claimed_until + ? WHERE state = 'deleting' AND claimed_until > ?",
		ahead,
		sourceNow,
	);
	for (const table of tables) {
		const last = numbers.find((number) => number.table === table.name)?.last ?? 0;
		if (table.isNumbered) yield* setNumber(table, last, context);
	}
	yield* markSettled();
}

function* setNumber({ name, key: [column] }: Table, last: number, { dialect }: StepContext): Step<void> {
	if (last === 0 || column === undefined) return;
	if (dialect.name === "postgres") {
		const set = yield* first(
			"SELECT setval(pg_get_serial_sequence(CAST(? AS TEXT), CAST(? AS TEXT)), CAST(? AS BIGINT)) AS reached",
			name,
			column.name,
			last,
		);
		if (set === undefined || intOf(set, "reached") !== last) throw new Error(`the numbers of ${name} cannot be set`);
		return;
	}
	yield* all("DELETE FROM sqlite_sequence WHERE name = ?", name);
	yield* all("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", name, last);
}
