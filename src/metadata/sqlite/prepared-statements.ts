import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Row, SqlValue, Statement, Step } from "#/metadata/sql/engine/statement.ts";

interface Prepared {
	readonly statement: StatementSync;
	readonly columns: readonly string[];
}

/** Runs statements on one connection; each text is prepared once and kept, for texts are constants. */
export class PreparedStatements {
	readonly #db: DatabaseSync;
	readonly #byText = new Map<string, Prepared>();

	constructor(db: DatabaseSync) {
		this.#db = db;
	}

	/** All rows; none for a statement that returns nothing. Throws what node:sqlite throws. */
	run(statement: Statement): readonly Row[] {
		let prepared = this.#byText.get(statement.sql);
		if (prepared === undefined) {
			prepared = prepare(this.#db, statement.sql);
			this.#byText.set(statement.sql, prepared);
		}
		const { columns } = prepared;
		// No column can be a bigint: reading them was not switched on.
		const rows = prepared.statement.all(...statement.params) as unknown as readonly (readonly SqlValue[])[];
		return rows.map((values) => toRow(columns, values));
	}

	/** Runs a computation to its end. */
	runSteps<T>(step: Step<T>): T {
		let turn = step.next([]);
		while (!turn.done) turn = step.next(this.run(turn.value));
		return turn.value;
	}
}

/** SQLite plans by the value of a bound limit, and plans anew each time one is bound: thrice the price of a small query. */
const UNSEEN_LIMIT = "LIMIT ? + 0";

/** Rows come as arrays: SQLite's names of columns would be made into strings anew for each of them. */
const prepare = (db: DatabaseSync, sql: string): Prepared => {
	const statement = db.prepare(sql.replaceAll("LIMIT ?", UNSEEN_LIMIT));
	statement.setReturnArrays(true);
	return { statement, columns: statement.columns().map(({ name }) => name) };
};

const toRow = (columns: readonly string[], values: readonly SqlValue[]): Row => {
	const row: { [column: string]: SqlValue } = {};
	for (const [index, column] of columns.entries()) row[column] = values[index] ?? null;
	return row;
};
