import type { Program } from "#/metadata/sql/engine/engine.ts";
import { Connections, type PostgresOpts } from "./connections.ts";
import { type MigrateOpts, PostgresEngine } from "./postgres-engine.ts";

/** What the connections work with. */
export interface PostgresDeps {
	/** Is told of connections that break while nobody uses them. */
	readonly warn: (message: string, error: unknown) => void;
	/** From 0 to 1; spreads the retries of transactions that got in each other's way. */
	readonly random: () => number;
}

/** How a database is opened. */
export interface Opening extends MigrateOpts {
	/** Looks at the database before anything is changed in it, and throws where it is not to be used. */
	readonly admit?: (engine: PostgresEngine) => Promise<void>;
}

/**
 * Opens a database for a program and brings its schema up to date.
 *
 * @throws MetadataError UNAVAILABLE when it cannot be reached or would lose acknowledged writes, SCHEMA when a newer
 * release wrote it; and what `admit` throws
 */
export async function openEngine(
	opts: PostgresOpts,
	deps: PostgresDeps,
	program: Program,
	{ admit, ...migrating }: Opening = {},
): Promise<PostgresEngine> {
	await using opening = new AsyncDisposableStack();
	const engine = opening.use(connectEngine(opts, deps, program));
	await admit?.(engine);
	await engine.migrate(migrating);
	opening.move();
	return engine;
}

/** An engine that connects when it is first used, to a database with its schema. */
export const connectEngine = (opts: PostgresOpts, deps: PostgresDeps, program: Program): PostgresEngine => {
	const connections = new Connections(opts, { warn: deps.warn });
	return new PostgresEngine({ connections, program, random: deps.random });
};
