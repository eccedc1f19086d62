/**
 * The embedded database: one SQLite file in a data directory of its own; one writer thread in one process, the host;
 * readers in every process of the cluster.
 */
import { existsSync } from "node:fs";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { program, toExecutor } from "#/metadata/sql/program.ts";
import type { Departure } from "#/metadata/sql/transfer/departure.ts";
import { refuseNetworkFileSystem } from "./data-lock.ts";
import { DepartureWatch } from "./departure-watch.ts";
import { databaseFile, openGuest, openHost, type SqliteProgram } from "./open-engine.ts";
import { type Answer, serveGuest } from "./serve-guest.ts";
import { type Channel, reserved } from "./wire.ts";

const code: SqliteProgram = {
	program,
	writer: new URL("./writer.ts", import.meta.url),
	snapshots: new URL("./snapshots.ts", import.meta.url),
};

/** The embedded database in the process that writes it. */
export interface SqliteHost extends SqlExecutor {
	/**
	 * Answers the writes of the guest at the other end, until the channel closes.
	 *
	 * @param through what they go through; absent: this database itself
	 */
	serve(channel: Channel, through?: Pick<SqlExecutor, "write" | "ping">): void;
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
	// It is one object with the executor, whose method of this name does more.
	const { serve: serveItself } = engine;
	return Object.assign(toExecutor(engine), {
		serve: (channel: Channel, through?: Pick<SqlExecutor, "write" | "ping">) => {
			if (through === undefined) serveItself(channel);
			else serveGuest(channel, answerThrough(through));
		},
	});
}

const answerThrough =
	(through: Pick<SqlExecutor, "write" | "ping">): Answer =>
	(name, input, id) => {
		if (name === reserved.ping) return through.ping(AbortSignal.timeout(PING_MS));
		// The guest's own types saw to it that the name is a command's, and the input what it takes.
		return through.write(name as never, input as never, id === undefined ? {} : { id });
	};

/** How long a guest's question may take whether the database answers, milliseconds. */
const PING_MS = 5_000;

/**
 * Where the metadata of a directory went; undefined while it is there, and where there is none.
 *
 * @throws MetadataError UNAVAILABLE
 */
export function findDepartureFrom({ directory }: OpenSqliteOpts): Departure | undefined {
	const file = databaseFile(directory);
	if (!existsSync(file)) return undefined;
	refuseNetworkFileSystem(directory);
	using watch = new DepartureWatch(file);
	return watch.find();
}

/** Tells of each moment where the metadata of a directory went. Its database is there. */
export function watchDeparture({ directory }: OpenSqliteOpts): Disposable & { find(): Departure | undefined } {
	return new DepartureWatch(databaseFile(directory));
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
