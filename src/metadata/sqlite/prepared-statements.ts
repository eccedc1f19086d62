import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Row, Statement, Step } from "#/metadata/sql/statement.ts";

/** Runs statements on one connection; each text is prepared once and kept, for texts are constants. */
export class PreparedStatements {
	readonly #db: DatabaseSync;
	readonly #byText = new Map<string, StatementSync>();

	constructor(db: DatabaseSync) {
		this.#db = db;
	}

	/** All rows; none for a statement that returns nothing. Throws what node:sqlite throws. */
	run(statement: Statement): readonly Row[] {
		let prepared = this.#byText.get(statement.sql);
		if (prepared === undefined) {
			prepared = this.#db.prepare(statement.sql);
			this.#byText.set(statement.sql, prepared);
		}
		// No column can be a bigint: reading them was not switched on.
		return prepared.all(...statement.params) as unknown as readonly Row[];
	}

	/** Runs a computation to its end. */
	runSteps<T>(step: Step<T>): T {
		let turn = step.next([]);
		while (!turn.done) turn = step.next(this.run(turn.value));
		return turn.value;
	}
}
