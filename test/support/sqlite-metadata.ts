import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { commandStep, type Engine, type EngineReader, queryStep } from "#/metadata/sql/engine/engine.ts";
import { migrate } from "#/metadata/sql/engine/migrate.ts";
import type { Row, Statement, StepContext } from "#/metadata/sql/engine/statement.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { sqliteDialect } from "#/metadata/sqlite/dialect.ts";
import { PreparedStatements } from "#/metadata/sqlite/prepared-statements.ts";

/** Metadata on one connection of this thread, with a clock of its own: quick, open to inspection, and not durable. */
export interface InspectedMetadata extends AsyncDisposable {
	readonly metadata: SqlMetadata;
	/** What `metadata` sits on. */
	readonly executor: SqlExecutor;
	/** The process dies in the middle of a command, and `metadata` is from now on that of another. */
	restart(): Promise<void>;
	/** What the next commands take for the time. */
	readonly clock: { now: number };
	/** What is in the database. */
	rows(sql: string, ...params: (string | number)[]): readonly Row[];
	/** The texts of all statements that commands and queries ran so far. */
	readonly texts: ReadonlySet<string>;
}

/** The machine's clock, which nobody sets. */
export const wallClock = {
	get now() {
		return Date.now();
	},
	set now(_: number) {},
};

/** Opens a new, empty one in a temporary directory that goes with it; its clock stands, if it is not given one. */
export async function openInspectedMetadata(
	clock: InspectedMetadata["clock"] = { now: Date.UTC(2026, 0, 1) },
): Promise<InspectedMetadata> {
	const directory = mkdtempSync(join(tmpdir(), "limani-metadata-"));
	const open = () => new InlineEngine(join(directory, "metadata.sqlite"), clock);
	let engine = open();
	await engine.migrate();
	let metadata = new SqlMetadata(toExecutor(engine));
	return {
		get metadata() {
			return metadata;
		},
		get executor() {
			return toExecutor(engine);
		},
		restart: async () => {
			engine.db.exec("BEGIN IMMEDIATE; DELETE FROM tags; DELETE FROM gc_link_queue;");
			await engine[Symbol.asyncDispose]();
			engine = open();
			metadata = new SqlMetadata(toExecutor(engine));
		},
		clock,
		rows: (sql, ...params) => engine.inspection.run({ sql, params }),
		get texts() {
			return engine.statements.texts;
		},
		[Symbol.asyncDispose]: async () => {
			await engine[Symbol.asyncDispose]();
			rmSync(directory, { recursive: true });
		},
	};
}

class RecordedStatements extends PreparedStatements {
	readonly texts: Set<string>;

	constructor(db: DatabaseSync, texts: Set<string>) {
		super(db);
		this.texts = texts;
	}

	override run(statement: Statement): readonly Row[] {
		this.texts.add(statement.sql);
		return super.run(statement);
	}
}

/** What goes in and out is cloned, as it would be on its way to another thread. */
class InlineReader implements EngineReader {
	readonly db: DatabaseSync;
	readonly statements: RecordedStatements;
	readonly #clock: { readonly now: number };

	constructor(db: DatabaseSync, clock: { readonly now: number }, texts = new Set<string>()) {
		this.db = db;
		this.statements = new RecordedStatements(db, texts);
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
	/** Not recorded. */
	readonly inspection: PreparedStatements;
	readonly #file: string;
	readonly #viewClock: { readonly now: number };

	constructor(file: string, clock: { readonly now: number }) {
		super(new DatabaseSync(file), clock);
		this.db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
		this.inspection = new PreparedStatements(this.db);
		this.#file = file;
		this.#viewClock = clock;
	}

	async migrate(): Promise<void> {
		await migrate(program.migrations, (step) => this.#transact(() => this.inspection.runSteps(step(this.context))));
	}

	async write(name: string, input: unknown, opts?: { readonly id?: string }): Promise<unknown> {
		const request = { name, input: structuredClone(input), id: opts?.id };
		return structuredClone(this.#transact(() => this.statements.runSteps(commandStep(program, request, this.context))));
	}

	async openSnapshot(): Promise<EngineReader> {
		const view = new DatabaseSync(this.#file, { readOnly: true });
		view.exec("BEGIN; SELECT epoch FROM control_state;");
		return new InlineReader(view, this.#viewClock, this.statements.texts);
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
