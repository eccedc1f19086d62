/** Metadata that has moved from an embedded database to PostgreSQL, or does while it is read. */

import { MetadataError } from "#/metadata/metadata-error.ts";
import type { PostgresOpts } from "#/metadata/postgres/connections.ts";
import { followPostgres, openPostgres } from "#/metadata/postgres/index.ts";
import type { PostgresDeps } from "#/metadata/postgres/open-engine.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import type { Arrival } from "#/metadata/sql/transfer/arrival.ts";
import { FollowingExecutor } from "#/metadata/sql/transfer/following-executor.ts";
import { TransferError } from "#/metadata/sql/transfer/transfer-error.ts";
import { findDepartureFrom, watchDeparture } from "#/metadata/sqlite/index.ts";
import { ConfigError } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { answering, placeOf, readPostgresOpts } from "./postgres-settings.ts";

/** Where the configuration says what the database is to move to. */
export const MIGRATE_TO = "database.sqlite.migrateTo.postgres";

/** The directory of the embedded database. */
export const sqliteDirectory = (config: Config): string => config.database.sqlite?.directory ?? config.dataDir;

/**
 * Opens the database that the metadata moved to; undefined while it is where the configuration has it. The target may
 * not have heard yet that it is whole: it was when the move was noted.
 *
 * @throws ConfigError where the configuration does not name that database
 */
export const openMigrated = async (
	config: Config,
	deps: PostgresDeps,
	signal?: AbortSignal,
): Promise<SqlExecutor | undefined> => {
	const directory = sqliteDirectory(config);
	const departure = findDepartureFrom({ directory });
	if (departure === undefined) return undefined;
	const what = `the metadata in ${directory} moved to ${departure.target} at ${new Date(departure.at).toISOString()}`;
	const settings = config.database.sqlite?.migrateTo?.postgres;
	if (settings === undefined) {
		throw new ConfigError(`database: ${what}: expected database.postgres with that database, and no database.sqlite`);
	}
	const opts = await readPostgresOpts(MIGRATE_TO, settings);
	try {
		await answering(MIGRATE_TO, opts, async () => {
			await using target = followPostgres(opts, deps);
			await target.write("transfer.arrive", { transfer: departure.transfer });
		});
	} catch (cause) {
		if (!(cause instanceof TransferError)) throw cause;
		throw new ConfigError(`${MIGRATE_TO}.url: got ${placeOf(opts)}: ${cause.message}; ${what}`, { cause });
	}
	return await answering(MIGRATE_TO, opts, () => openPostgres(opts, deps, signal));
};

/**
 * Refuses an embedded database whose registry's metadata is elsewhere though it does not say so: an older copy of it, or
 * a new one in its place. Where the target does not answer nothing is known, and the copy asks again.
 *
 * @throws ConfigError
 */
export const refuseOlder = async (
	config: Config,
	source: SqlExecutor,
	{ opts, deps }: { readonly opts: PostgresOpts; readonly deps: PostgresDeps },
): Promise<void> => {
	const arrival = await findArrivalAt(opts, deps);
	if (arrival?.state !== "whole") return;
	const identity = await source.read("origins.identity", undefined);
	if (identity !== undefined && identity !== arrival.identity) return;
	const directory = sqliteDirectory(config);
	const what = identity === undefined ? "is new" : "is an older copy, which does not know of it";
	throw new ConfigError(
		`${MIGRATE_TO}.url: got ${placeOf(opts)}: the metadata of the registry ${arrival.identity} already moved there, and the database in ${directory} ${what}: expected database.postgres with that database, and no database.sqlite; for another registry an empty database`,
	);
};

const findArrivalAt = async (opts: PostgresOpts, deps: PostgresDeps): Promise<Arrival | undefined> => {
	await using target = followPostgres(opts, deps);
	try {
		return await target.read("transfer.arrival", undefined);
	} catch (error) {
		if (!(error instanceof MetadataError)) throw error;
		deps.warn("the database that the metadata is to move to cannot be asked whether it did", error);
		return undefined;
	}
};

/** The metadata wherever its owner has it at each moment. */
export const followMigration = (config: Config, source: SqlExecutor, target: SqlExecutor | undefined): SqlExecutor => {
	const watch = watchDeparture({ directory: sqliteDirectory(config) });
	return new FollowingExecutor({ source, target, watch });
};
