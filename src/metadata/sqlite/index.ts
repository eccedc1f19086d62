/**
 * The embedded database: one SQLite file in a data directory of its own; one writer thread in one process, the host;
 * readers in every process of the cluster.
 */
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import { openGuest, openHost, type SqliteProgram } from "./open-engine.ts";
import type { Channel } from "./wire.ts";

const code: SqliteProgram = {
	program,
	writer: new URL("./writer.ts", import.meta.url),
	snapshots: new URL("./snapshots.ts", import.meta.url),
};

/** The embedded database in the process that writes it. */
export interface SqliteHost extends SqlExecutor {
	/** Answers the writes of the guest at the other end, until the channel closes. */
	serve(channel: Channel): void;
}

/** Where the embedded database is. */
export interface OpenSqliteOpts {
	/** Its data directory, made when there is none, on a local file system. */
	readonly directory: string;
}

/** What the host works with. */
export interface OpenSqliteDeps {
	/** Is told when the writer dies, and what keeps it from starting again. */
	readonly warn: (message: string, error: unknown) => void;
}

/**
 * Opens the database of a directory, which this process then has for itself, and brings its schema up to date.
 *
 * @throws MetadataError UNAVAILABLE when another process has the directory, SCHEMA when a newer release wrote it
 */
export async function openSqlite(opts: OpenSqliteOpts, deps: OpenSqliteDeps): Promise<SqliteHost> {
	const engine = await openHost(opts.directory, code, deps.warn);
	return Object.assign(toExecutor(engine), { serve: engine.serve });
}

/**
 * Opens, in another process of the cluster, the database that a host has open: reads go to the file, writes to the host.
 * Disposing leaves the channel open.
 *
 * @param channel to the host, which serves it (see {@link SqliteHost.serve} and `ipc-channel.ts`)
 */
export function openSqliteGuest(opts: OpenSqliteOpts, channel: Channel): SqlExecutor {
	return toExecutor(openGuest(opts.directory, channel, code));
}
