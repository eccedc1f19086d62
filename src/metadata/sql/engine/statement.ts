/**
 * The one SQL implementation: every command and query is written once, as a generator that yields statements and
 * receives their rows. On SQLite it is run to its end synchronously, on PostgreSQL each statement is awaited.
 */

/** What a column or a parameter can be. Booleans are 0 and 1; JSON is text; times are milliseconds since the epoch. */
export type SqlValue = null | number | string | Uint8Array;

/** A row by column name. */
export type Row = { readonly [column: string]: SqlValue };

/**
 * One statement. `?` marks the parameters in order, on both dialects; the text must be constant (statements are
 * prepared once and kept by their text), so that lists are passed as one JSON parameter.
 */
export interface Statement {
	readonly sql: string;
	readonly params: readonly SqlValue[];
}

/** A computation over statements, resumed with the rows of each. */
export type Step<T> = Generator<Statement, T, readonly Row[]>;

/** What differs between the engines, for the few statements that need to know. */
export interface Dialect {
	readonly name: "sqlite" | "postgres";
	/** " FOR UPDATE" where rows are locked, "" where the writer is alone. */
	readonly forUpdate: string;
	/** " FOR NO KEY UPDATE" where rows are locked, "" where the writer is alone: lets pass those who need the row to stay. */
	readonly forNoKeyUpdate: string;
	/** " FOR KEY SHARE" where rows are locked, "" where the writer is alone: the row stays, though it may be changed. */
	readonly forKeyShare: string;
	/** " FOR SHARE" where rows are locked, "" where the writer is alone. */
	readonly forShare: string;
	/** " FOR UPDATE SKIP LOCKED" where rows are locked, "" where the writer is alone. */
	readonly skipLocked: string;
	/** A table expression with the column `value` over one parameter, a JSON array of strings. */
	readonly jsonValues: string;
	/**
	 * What follows a column that must have one of the values of `query`, so that the values are gathered first and
	 * looked up in an index then, whatever a planner makes of the sizes.
	 */
	readonly anyOf: (query: string) => string;
}

/** What every command and query may ask of its surroundings. */
export interface StepContext {
	readonly dialect: Dialect;
	/** The database's clock where it has one, else the writer's; milliseconds since the epoch. */
	readonly now: number;
}

/** A named write: runs alone in one transaction (or savepoint); throwing rolls it back. */
export type Command<In, Out> = (input: In, context: StepContext) => Step<Out>;

/** A named read: runs on one consistent snapshot, writes nothing. */
export type Query<In, Out> = (input: In, context: StepContext) => Step<Out>;

/** All rows of a statement (also of INSERT … RETURNING and the like). */
export function* all(sql: string, ...params: SqlValue[]): Step<readonly Row[]> {
	return yield { sql, params };
}

/** The first row, if any. */
export function* first(sql: string, ...params: SqlValue[]): Step<Row | undefined> {
	return (yield { sql, params })[0];
}

/** What follows a column that must have one of the values of the next parameter, a JSON array of strings. */
export function anyOf({ dialect }: StepContext): string {
	return dialect.anyOf(`SELECT value FROM ${dialect.jsonValues} AS wanted`);
}
