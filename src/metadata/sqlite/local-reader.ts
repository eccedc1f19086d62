import type { DatabaseSync } from "node:sqlite";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { type Program, queryStep } from "#/metadata/sql/engine/engine.ts";
import type { StepContext } from "#/metadata/sql/engine/statement.ts";
import { openReadConnection } from "./connection.ts";
import { sqliteDialect } from "./dialect.ts";
import type { Generation } from "./generation.ts";
import { KeptAnswers } from "./kept-answers.ts";
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
	readonly #kept: KeptAnswers;

	/**
	 * @param file the database, with its schema
	 * @param generation of the writer, where that is in this process; absent: SQLite is asked whether the file changed
	 */
	constructor(file: string, program: Program, generation?: Generation) {
		this.#db = openReadConnection(file);
		this.#statements = new PreparedStatements(this.#db);
		this.#program = program;
		this.#kept = new KeptAnswers(() => (generation === undefined ? this.#dataVersion() : generation.current));
	}

	/**
	 * The query's answer, from one snapshot.
	 *
	 * @throws MetadataError UNAVAILABLE, also after it is disposed of; or what the query throws
	 */
	read(name: string, input: unknown): unknown {
		try {
			const keeping = this.#program.kept?.[name];
			if (keeping === undefined) return this.#onSnapshot(name, input);
			return this.#kept.get(keeping, input, () => this.#onSnapshot(name, input));
		} catch (error) {
			throw this.#db.isOpen ? toMetadataError(error) : closed(error);
		}
	}

	[Symbol.dispose](): void {
		this.#db.close();
	}

	#dataVersion(): number {
		const [row] = this.#statements.run({ sql: "PRAGMA data_version", params: [] });
		return Number(row?.data_version);
	}

	#onSnapshot(name: string, input: unknown): unknown {
		const context: StepContext = { dialect: sqliteDialect, now: this.#clock.now() };
		this.#statements.run({ sql: "BEGIN", params: [] });
		try {
			return this.#statements.runSteps(queryStep(this.#program, name, input, context));
		} finally {
			this.#statements.run({ sql: "COMMIT", params: [] });
		}
	}
}

const closed = (cause: unknown): MetadataError => new MetadataError("UNAVAILABLE", "the database is closed", { cause });
