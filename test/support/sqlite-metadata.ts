import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commandStep, type Engine, type EngineReader, queryStep } from "#/metadata/sql/engine.ts";
import { migrate } from "#/metadata/sql/migrate.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import type { Row, StepContext } from "#/metadata/sql/statement.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";

/** Metadata on one connection of this thread, with a clock of its own: quick, open to inspection, and not durable. */
export interface InspectedMetadata extends AsyncDisposable {
	readonly metadata: SqlMetadata;
	/** What the next commands take for the time. */
	readonly clock: { now: number };
	/** What is in the database. */
	rows(sql: string, ...params: (string | number)[]): readonly Row[];
}

/** Opens a new, empty one in a temporary directory that goes with it. */
export async function openInspectedMetadata(): Promise<InspectedMetadata> {
	const directory = mkdtempSync(join(tmpdir(), "limani-metadata-"));
	const clock = { now: Date.UTC(2026, 0, 1) };
	const engine = new InlineEngine(join(directory, "metadata.sqlite"), clock);
	await engine.migrate();
	return {
		metadata: new SqlMetadata(toExecutor(engine)),
		clock,
		rows: (sql, ...params) => engine.statements.run({ sql, params }),
		[Symbol.asyncDispose]: async () => {
			await engine[Symbol.asyncDispose]();
			rmSync(directory, { recursive: true });
		},
	};
}

/** What goes in and out is cloned, as it would be on its way to another thread. */
class InlineReader implements EngineReader {
	readonly db: DatabaseSync;
	readonly statements: PreparedStatements;
	readonly #clock: { readonly now: number };

	constructor(db: DatabaseSync, clock: { readonly now: number }) {
		this.db = db;
		this.statements = new PreparedStatements(db);
		this.#clock = clock;
	}

	get context(): StepContext {
		return { dialect: sqliteDialect, now: this.#clock.now };
	}

	async read(name: string, input: unknown): Promise<unknown> {
		return structuredClone(this.statements.runSteps(queryStep(program, name, structuredClone(input), this.context)));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.db.isOpen) this.db.close();
	}
}

class InlineEngine extends InlineReader implements Engine {
	readonly #file: string;
	readonly #viewClock: { readonly now: number };

	constructor(file: string, clock: { readonly now: number }) {
		super(new DatabaseSync(file), clock);
		this.db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
		this.#file = file;
		this.#viewClock = clock;
	}

	async migrate(): Promise<void> {
		await migrate(program.migrations, (step) => this.#transact(() => this.statements.runSteps(step(this.context))));
	}

	async write(name: string, input: unknown, opts?: { readonly id?: string }): Promise<unknown> {
		const request = { name, input: structuredClone(input), id: opts?.id };
		return structuredClone(this.#transact(() => this.statements.runSteps(commandStep(program, request, this.context))));
	}

	async openSnapshot(): Promise<EngineReader> {
		const view = new DatabaseSync(this.#file, { readOnly: true });
		view.exec("BEGIN; SELECT epoch FROM control_state;");
		return new InlineReader(view, this.#viewClock);
	}

	async ping(): Promise<void> {}

	#transact<T>(run: () => T): T {
		this.db.exec("BEGIN IMMEDIATE");
		try {
			const result = run();
			this.db.exec("COMMIT");
			return result;
		} catch (error) {
			this.db.exec("ROLLBACK");
			throw error;
		}
	}
}
