import { MetadataError } from "#/metadata/metadata-error.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { openSqlite, openSqliteGuest } from "#/metadata/sqlite/index.ts";
import { type IpcEndpoint, ipcChannel } from "#/metadata/sqlite/ipc-channel.ts";
import type { Channel } from "#/metadata/sqlite/wire.ts";
import { ConfigError } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import { readConfigFile } from "./read-config-file.ts";
import { readSecret } from "./read-secret.ts";

/** The metadata database in the process that owns it. */
export interface OwnedDatabase {
	readonly executor: SqlExecutor;
	/** Lets a worker process of the cluster write through this one; nothing to do where each connects on its own. */
	serve(worker: IpcEndpoint): void;
}

/** Is told of what the database does behind the requests. */
export type Warn = (message: string, error: unknown) => void;

/** Opens the database that the configuration names, for the only or the first process. @throws MetadataError */
export const openOwnedDatabase = async (config: Config, warn: Warn): Promise<OwnedDatabase> => {
	if (config.database.postgres !== undefined) {
		return { executor: await openConfiguredPostgres(config, warn), serve: () => {} };
	}
	const directory = sqliteDirectory(config);
	const host = await openSqlite({ directory }, { warn }).catch((cause: unknown) => {
		if (!(cause instanceof Error && "syscall" in cause)) throw cause;
		const key = config.database.sqlite?.directory === undefined ? "dataDir" : "database.sqlite.directory";
		throw new ConfigError(`${key}: got ${directory}: expected a directory that can be written (${cause.message})`, {
			cause,
		});
	});
	return { executor: host, serve: (worker) => host.serve(ipcChannel(worker)) };
};

/**
 * Opens a database that is there already, to be read; the registry may be at work on it. Writes are refused on SQLite,
 * and not to be made on PostgreSQL.
 *
 * @throws MetadataError when it is not there or not of this release
 */
export const openDatabaseReader = async (config: Config, warn: Warn): Promise<SqlExecutor> => {
	if (config.database.postgres !== undefined) return openConfiguredPostgres(config, warn);
	try {
		return openSqliteGuest({ directory: sqliteDirectory(config) }, CLOSED);
	} catch (error) {
		throw noDatabase(config, error);
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
		? openSqliteGuest({ directory: sqliteDirectory(config) }, ipcChannel(parent))
		: openConfiguredPostgres(config, warn);

const sqliteDirectory = (config: Config): string => config.database.sqlite?.directory ?? config.dataDir;

const openConfiguredPostgres = async ({ database }: Config, warn: Warn): Promise<SqlExecutor> => {
	const { url, urlFile, caFile, maxConnections } = database.postgres ?? {};
	const server = await readSecret("database.postgres.url", url, urlFile);
	if (!URL.canParse(server) || !/^postgres(ql)?:$/.test(new URL(server).protocol)) {
		throw new ConfigError("database.postgres.url: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE");
	}
	const ca = caFile === undefined ? {} : { ca: await readConfigFile("database.postgres.caFile", caFile) };
	const limits = maxConnections === undefined ? {} : { maxConnections };
	return openPostgres({ url: server, ...ca, ...limits }, { warn, random: Math.random }).catch((cause: unknown) => {
		if (!(cause instanceof MetadataError) || cause.code !== "UNAVAILABLE") throw cause;
		const { host, pathname } = new URL(server);
		throw new ConfigError(
			`database.postgres.url: got ${host}${pathname}: expected a PostgreSQL server that answers (${cause.message})`,
			{ cause },
		);
	});
};
