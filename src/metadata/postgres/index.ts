/** Metadata on PostgreSQL 14 or newer, for any number of processes on any number of machines. */
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import { refuseFilling, refuseForeign } from "#/metadata/sql/transfer/arrival.ts";
import type { PostgresOpts } from "./connections.ts";
import { connectEngine, openEngine, type PostgresDeps } from "./open-engine.ts";
import type { PostgresEngine } from "./postgres-engine.ts";

/**
 * Opens the metadata database of a registry and brings its schema up to date, which may take long.
 *
 * @param signal ends that
 * @throws MetadataError UNAVAILABLE when it cannot be reached or would lose acknowledged writes, SCHEMA when a newer
 * release wrote it, or metadata is only on its way into it
 */
export async function openPostgres(opts: PostgresOpts, deps: PostgresDeps, signal?: AbortSignal): Promise<SqlExecutor> {
	const admit = (engine: PostgresEngine) => engine.admit(refuseFilling);
	return toExecutor(await openEngine(opts, deps, program, { admit, signal }));
}

/**
 * Opens a database that a registry's metadata is to be taken to, and brings its schema up to date.
 *
 * @param identity the registry's
 * @throws TransferError REFUSED when it holds anything else than what an earlier life of that left
 * @throws MetadataError as {@link openPostgres}
 */
export async function openPostgresTarget(
	opts: PostgresOpts,
	deps: PostgresDeps,
	identity: string,
): Promise<SqlExecutor> {
	const admit = (engine: PostgresEngine) => engine.admit((context) => refuseForeign({ identity }, context));
	return toExecutor(await openEngine(opts, deps, program, { admit, isPatient: false }));
}

/** A database that another process opened before, connected to when it is first used. */
export const followPostgres = (opts: PostgresOpts, deps: PostgresDeps): SqlExecutor =>
	toExecutor(connectEngine(opts, deps, program));
