import type { DatabaseSync } from "node:sqlite";
import { type Program, queryStep } from "#/metadata/sql/engine.ts";
import type { StepContext } from "#/metadata/sql/statement.ts";
import { openReadConnection } from "./connection.ts";
import { sqliteDialect } from "./dialect.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { toMetadataError } from "./sqlite-failure.ts";
import { systemTime, WriterClock } from "./writer-clock.ts";

/**
 * Reads on a connection of this thread, each to its end without giving way: a lookup takes microseconds, less than
 * asking another thread would.
 */
export class LocalReader implements Disposable {
	readonly #db: DatabaseSync;
	readonly #statements: PreparedStatements;
	readonly #program: Program;
	readonly #clock = new WriterClock(systemTime, 0);

	/** @param file the database, with its schema */
	constructor(file: string, program: Program) {
		this.#db = openReadConnection(file);
		this.#statements = new PreparedStatements(this.#db);
		this.#program = program;
	}

	/**
	 * The query's answer, from one snapshot.
	 *
	 * @throws MetadataError UNAVAILABLE, or what the query throws
	 */
	read(name: string, input: unknown): unknown {
		try {
			return this.#onSnapshot(name, input, { dialect: sqliteDialect, now: this.#clock.now() });
		} catch (error) {
			throw toMetadataError(error);
		}
	}

	[Symbol.dispose](): void {
		this.#db.close();
	}

	#onSnapshot(name: string, input: unknown, context: StepContext): unknown {
		this.#statements.run({ sql: "BEGIN", params: [] });
		try {
			return this.#statements.runSteps(queryStep(this.#program, name, input, context));
		} finally {
			this.#statements.run({ sql: "COMMIT", params: [] });
		}
	}
}
