/** Metadata on PostgreSQL 14 or newer, for any number of processes on any number of machines. */
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import type { PostgresOpts } from "./connections.ts";
import { openEngine, type PostgresDeps } from "./open-engine.ts";

/**
 * Opens the metadata database of a registry and brings its schema up to date.
 *
 * @throws MetadataError UNAVAILABLE when it cannot be reached or would lose acknowledged writes, SCHEMA when a newer
 * release wrote it
 */
export async function openPostgres(opts: PostgresOpts, deps: PostgresDeps): Promise<SqlExecutor> {
	return toExecutor(await openEngine(opts, deps, program));
}
