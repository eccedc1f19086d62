import { untilAborted } from "#/lib/until-aborted.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { commandStep, type Engine, type EngineReader, type Program, queryStep } from "#/metadata/sql/engine/engine.ts";
import { checkSchema, type Migration, migrate } from "#/metadata/sql/engine/migrate.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Connections } from "./connections.ts";
import { withRetries } from "./retry.ts";
import { openSnapshot } from "./snapshot.ts";
import { type MakeStep, readAlone, reading, transact, writing } from "./transactions.ts";

/** A migration may build an index over everything. */
const MIGRATING = `${writing}; SET LOCAL statement_timeout = 0`;
/** It may wait for another process that does. */
const PATIENT = "; SET LOCAL lock_timeout = 0";
const PING_NAME = "limani.ping";

/** What a {@link PostgresEngine} works with. */
export interface PostgresEngineDeps {
	readonly connections: Connections;
	readonly program: Program;
	/** From 0 to 1. */
	readonly random: () => number;
}

/** How {@link PostgresEngine.migrate} works. */
export interface MigrateOpts {
	/**
	 * Whether it waits for locks for as long as it takes.
	 * @defaultValue true
	 */
	readonly isPatient?: boolean | undefined;
	/** Ends it, for the process is to end. */
	readonly signal?: AbortSignal | undefined;
}

/** Runs a program on PostgreSQL: commands under READ COMMITTED, queries of several statements on one snapshot. */
export class PostgresEngine implements Engine {
	readonly #deps: PostgresEngineDeps;
	/** Queries seen to take several statements. The others need no transaction, which saves two round trips. */
	readonly #several = new Set<string>();

	constructor(deps: PostgresEngineDeps) {
		this.#deps = deps;
	}

	/**
	 * Brings the schema up to date, however long a statement of that takes. One that is aborted is undone by the server,
	 * and the engine is of no use any more.
	 *
	 * @throws MetadataError SCHEMA when a newer release wrote it, UNAVAILABLE when it was aborted, and more
	 */
	async migrate({ isPatient = true, signal }: MigrateOpts = {}): Promise<void> {
		const { connections, program } = this.#deps;
		const words = isPatient ? `${MIGRATING}${PATIENT}` : MIGRATING;
		const cut = () => connections.cut();
		if (signal?.aborted === true) cut();
		signal?.addEventListener("abort", cut, { once: true });
		try {
			await migrate(program.migrations, (step) =>
				this.#retried(true, () => transact(connections, { words, prepare: false, isUnbounded: true }, step)),
			);
		} finally {
			signal?.removeEventListener("abort", cut);
		}
	}

	/** Looks at a database whose schema may be another, or none. @throws what `look` throws */
	admit(look: (context: StepContext) => Step<void>): Promise<void> {
		const { connections } = this.#deps;
		return this.#retried(true, () => transact(connections, { words: reading, prepare: false }, look));
	}

	async read(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
		signal?.throwIfAborted();
		const answer = await this.#query(name, (context) => queryStep(this.#deps.program, name, input, context), signal);
		signal?.throwIfAborted();
		return answer;
	}

	write(name: string, input: unknown, opts?: { readonly id?: string }): Promise<unknown> {
		const { connections, program } = this.#deps;
		const id = opts?.id;
		return this.#retried(id !== undefined, () =>
			transact(connections, { words: writing, prepare: true }, (context) =>
				commandStep(program, { name, input, id }, context),
			),
		);
	}

	async openSnapshot(signal: AbortSignal): Promise<EngineReader> {
		signal.throwIfAborted();
		return this.#retried(true, () => openSnapshot(this.#deps.connections, this.#deps.program));
	}

	async ping(signal: AbortSignal): Promise<void> {
		await untilAborted(signal, () => this.#query(PING_NAME, () => checkServer(this.#deps.program.migrations)));
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#deps.connections[Symbol.asyncDispose]();
	}

	#query<T>(name: string, makeStep: MakeStep<T>, signal?: AbortSignal): Promise<T> {
		const { connections } = this.#deps;
		return this.#retried(true, async () => {
			if (!this.#several.has(name)) {
				const alone = await readAlone(connections, makeStep, signal);
				if (alone !== undefined) return alone.value;
				this.#several.add(name);
			}
			return transact(connections, { words: reading, prepare: true, signal }, makeStep);
		});
	}

	#retried<T>(repeatable: boolean, transaction: () => Promise<T>): Promise<T> {
		return withRetries(transaction, { repeatable, random: this.#deps.random });
	}
}

function* checkServer(migrations: readonly Migration[]): Step<void> {
	const row = yield* first("SELECT pg_is_in_recovery() AS standby");
	if (row?.standby !== 0) throw new MetadataError("UNAVAILABLE", "the PostgreSQL server is a standby, it cannot write");
	yield* checkSchema(migrations);
}
