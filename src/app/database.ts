import { MetadataError } from "#/metadata/metadata-error.ts";
import { followPostgres, openPostgres, openPostgresTarget } from "#/metadata/postgres/index.ts";
import type { PostgresDeps } from "#/metadata/postgres/open-engine.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { SwitchingExecutor } from "#/metadata/sql/transfer/switching-executor.ts";
import type { TransferDeps } from "#/metadata/sql/transfer/transfer.ts";
import { openSqlite, openSqliteGuest, type SqliteHost } from "#/metadata/sqlite/index.ts";
import { type IpcEndpoint, ipcChannel } from "#/metadata/sqlite/ipc-channel.ts";
import type { Channel } from "#/metadata/sqlite/wire.ts";
import { ConfigError } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { followMigration, MIGRATE_TO, openMigrated, refuseOlder, sqliteDirectory } from "./migrated-database.ts";
import { answering, placeOf, readPostgresOpts } from "./postgres-settings.ts";

/** The metadata database in the process that owns it. */
export interface OwnedDatabase {
	readonly executor: SqlExecutor;
	/** Lets a worker process of the cluster write through this one; nothing to do where each connects on its own. */
	serve(worker: IpcEndpoint): void;
}

/** What a move of the database to another one works with. */
type Moving = Pick<TransferDeps, "source" | "gate" | "openTarget" | "targetName">;

/** The metadata database of a registry that serves. */
export interface ServingDatabase extends OwnedDatabase {
	/** That it is to move meanwhile; absent: it stays. */
	readonly moving?: Moving;
	/** Where it moved to before this process began, in words for people; absent: nowhere. */
	readonly movedTo?: string;
}

/** Is told of what the database does behind the requests. */
export type Warn = (message: string, error: unknown) => void;

/**
 * Opens the database that the configuration names, for the only or the first process. One that is to move stays where it
 * is meanwhile: see {@link openServingDatabase}.
 *
 * @param signal ends what PostgreSQL is waited for at that
 * @throws ConfigError, MetadataError
 */
export const openOwnedDatabase = async (config: Config, warn: Warn, signal?: AbortSignal): Promise<OwnedDatabase> => {
	const { postgres } = config.database;
	if (postgres !== undefined) return alone(await openConfiguredPostgres(config, warn, signal));
	const migrated = await openMigrated(config, postgresDeps(warn), signal);
	if (migrated !== undefined) return alone(migrated);
	const host = await openConfiguredSqlite(config, warn);
	return { executor: host, serve: (worker) => host.serve(ipcChannel(worker)) };
};

/** Opens the database as {@link openOwnedDatabase} does, ready to move where the configuration wants that. */
export const openServingDatabase = async (
	config: Config,
	warn: Warn,
	signal?: AbortSignal,
): Promise<ServingDatabase> => {
	const settings = config.database.sqlite?.migrateTo?.postgres;
	if (settings === undefined) return await openOwnedDatabase(config, warn, signal);
	const opts = await readPostgresOpts(MIGRATE_TO, settings);
	const migrated = await openMigrated(config, postgresDeps(warn), signal);
	if (migrated !== undefined) return { ...alone(migrated), movedTo: placeOf(opts) };
	await using opening = new AsyncDisposableStack();
	const source = opening.use(await openConfiguredSqlite(config, warn));
	await refuseOlder(config, source, { opts, deps: postgresDeps(warn) });
	opening.move();
	const gate = new SwitchingExecutor(source);
	return {
		executor: gate,
		serve: (worker) => source.serve(ipcChannel(worker), gate),
		moving: {
			source,
			gate,
			openTarget: (identity) => openPostgresTarget(opts, postgresDeps(warn), identity),
			targetName: placeOf(opts),
		},
	};
};

const alone = (executor: SqlExecutor): OwnedDatabase => ({ executor, serve: () => {} });

const openConfiguredSqlite = async (config: Config, warn: Warn): Promise<SqliteHost> => {
	const directory = sqliteDirectory(config);
	const host = await openSqlite({ directory }, { warn }).catch((cause: unknown) => {
		if (!(cause instanceof Error && "syscall" in cause)) throw cause;
		const key = config.database.sqlite?.directory === undefined ? "dataDir" : "database.sqlite.directory";
		throw new ConfigError(`${key}: got ${directory}: expected a directory that can be written (${cause.message})`, {
			cause,
		});
	});
	// A move that nobody wants any more must not leave its triggers at work.
	if (config.database.sqlite?.migrateTo === undefined && (await host.read("transfer.capturing", undefined))) {
		await host.write("transfer.endCapture", undefined);
	}
	return host;
};

/**
 * Opens a database that is there already, to be read; the registry may be at work on it. Writes are refused on SQLite,
 * and not to be made on PostgreSQL.
 *
 * @throws MetadataError when it is not there or not of this release
 */
export const openDatabaseReader = async (config: Config, warn: Warn): Promise<SqlExecutor> => {
	if (config.database.postgres !== undefined) return openConfiguredPostgres(config, warn);
	const migrated = await openMigrated(config, postgresDeps(warn));
	if (migrated !== undefined) return migrated;
	try {
		return await openGuest(config, CLOSED, warn);
	} catch (error) {
		throw error instanceof ConfigError ? error : noDatabase(config, error);
	}
};

const noDatabase = (config: Config, cause: unknown): MetadataError =>
	new MetadataError("UNAVAILABLE", `there is no database in ${sqliteDirectory(config)} that can be read`, { cause });

/** The line to a host that is not there. */
const CLOSED: Channel = {
	send: () => undefined,
	onMessage: () => undefined,
	onClose: (listener) => listener(),
};

/** Opens the database in a worker process, whose line to the owner is `parent`. @throws MetadataError */
export const openWorkerDatabase = async (config: Config, parent: IpcEndpoint, warn: Warn): Promise<SqlExecutor> =>
	config.database.postgres === undefined
		? await openGuest(config, ipcChannel(parent), warn)
		: await openConfiguredPostgres(config, warn);

/** The embedded database of another process, and wherever that takes it. */
const openGuest = async (config: Config, channel: Channel, warn: Warn): Promise<SqlExecutor> => {
	const guest = openSqliteGuest({ directory: sqliteDirectory(config) }, channel);
	const settings = config.database.sqlite?.migrateTo?.postgres;
	if (settings === undefined) return followMigration(config, guest, undefined);
	const opts = await readPostgresOpts(MIGRATE_TO, settings);
	return followMigration(config, guest, followPostgres(opts, postgresDeps(warn)));
};

const openConfiguredPostgres = async ({ database }: Config, warn: Warn, signal?: AbortSignal): Promise<SqlExecutor> => {
	const key = "database.postgres";
	const opts = await readPostgresOpts(key, database.postgres ?? { maxConnections: 16 });
	return answering(key, opts, () => openPostgres(opts, postgresDeps(warn), signal));
};

const postgresDeps = (warn: Warn): PostgresDeps => ({ warn, random: Math.random });
