import type { Engine, Program } from "#/metadata/sql/engine/engine.ts";
import { Connections, type PostgresOpts } from "./connections.ts";
import { PostgresEngine } from "./postgres-engine.ts";

/** What the connections work with. */
export interface PostgresDeps {
	/** Is told of connections that break while nobody uses them. */
	readonly warn: (message: string, error: unknown) => void;
	/** From 0 to 1; spreads the retries of transactions that got in each other's way. */
	readonly random: () => number;
}

/**
 * Opens a database for a program and brings its schema up to date.
 *
 * @throws MetadataError UNAVAILABLE when it cannot be reached or would lose acknowledged writes, SCHEMA when a newer
 * release wrote it
 */
export async function openEngine(opts: PostgresOpts, deps: PostgresDeps, program: Program): Promise<Engine> {
	await using opening = new AsyncDisposableStack();
	const connections = new Connections(opts, { warn: deps.warn });
	const engine = opening.use(new PostgresEngine({ connections, program, random: deps.random }));
	await engine.migrate();
	opening.move();
	return engine;
}
