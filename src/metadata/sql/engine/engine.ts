import { once } from "./command-results.ts";
import type { Migration } from "./migrate.ts";
import type { Command, Query, Step, StepContext } from "./statement.ts";

/** Commands by name, as an executor runs them. */
type Commands = Readonly<Record<string, Command<never, unknown>>>;

/** Queries by name, as an executor runs them. */
type Queries = Readonly<Record<string, Query<never, unknown>>>;

/** What an engine runs: named commands and queries, and the schema they need. */
export interface Program {
	readonly commands: Commands;
	readonly queries: Queries;
	readonly migrations: readonly Migration[];
	/**
	 * Commands whose effect may be lost in a power cut, though never while the machine runs: what matters of them ends with
	 * the processes. Absent: none.
	 */
	readonly fleeting?: ReadonlySet<string>;
	/** By the query's name. Absent, also for one query: its answers are not kept. */
	readonly kept?: Readonly<Record<string, Keeping>>;
}

/** How answers of one query may be kept by an engine that can tell when anything was written. */
export interface Keeping {
	/** A text that no other input of this or another kept query has, unless the answer is the same. */
	readonly key: (input: never) => string;
	/** About what the answer takes in memory. */
	readonly bytes: (answer: never) => number;
}

/** What queries run on: the database as it is now, or as it was at one instant. */
export interface EngineReader extends AsyncDisposable {
	/** See `SqlReader.read`. */
	read(name: string, input: unknown, signal?: AbortSignal): Promise<unknown>;
}

/** A database that runs a {@link Program}. `SqlExecutor` is this over the registry's program, with its types. */
export interface Engine extends EngineReader {
	/** See `SqlExecutor.write`. */
	write(name: string, input: unknown, opts?: { readonly id?: string }): Promise<unknown>;
	/** See `SqlExecutor.openSnapshot`. */
	openSnapshot(signal: AbortSignal): Promise<EngineReader>;
	/** See `SqlExecutor.ping`. */
	ping(signal: AbortSignal): Promise<void>;
}

/** The steps of the command `name`; with `id`, steps that run it at most once. Throws when there is no such command. */
export function commandStep(
	program: Program,
	{ name, input, id }: { readonly name: string; readonly input: unknown; readonly id?: string | undefined },
	context: StepContext,
): Step<unknown> {
	const command = program.commands[name];
	if (command === undefined) throw new Error(`there is no command ${name}`);
	// SqlExecutor's types saw to it that a caller passes what the named command takes.
	const step = command(input as never, context);
	return id === undefined ? step : once(id, step, context);
}

/** The steps of the query `name`. Throws when there is no such query. */
export function queryStep(program: Program, name: string, input: unknown, context: StepContext): Step<unknown> {
	const query = program.queries[name];
	if (query === undefined) throw new Error(`there is no query ${name}`);
	return query(input as never, context);
}
