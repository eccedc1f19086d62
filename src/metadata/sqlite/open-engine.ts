import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Engine, Program } from "#/metadata/sql/engine/engine.ts";
import { lockDirectory } from "./data-lock.ts";
import { startThread } from "./database-thread.ts";
import { Generation } from "./generation.ts";
import { LocalReader } from "./local-reader.ts";
import { RequestClient } from "./request-client.ts";
import { serveGuest } from "./serve-guest.ts";
import { SnapshotReaders } from "./snapshot-reader.ts";
import { SqliteEngine } from "./sqlite-engine.ts";
import { SupervisedWriter } from "./supervised-writer.ts";
import type { Channel } from "./wire.ts";

/** What runs on the database, here and in the threads. */
export interface SqliteProgram {
	readonly program: Program;
	/** Module of the writer thread; it serves the same program. */
	readonly writer: URL;
	/** Module of the thread for long reads; it serves the same program. */
	readonly snapshots: URL;
}

/** An engine that also answers other processes. */
export interface HostEngine extends Engine {
	/** Answers the writes of the guest at the other end until the channel closes. */
	serve(channel: Channel): void;
}

/**
 * Opens the database of a directory in the process that writes it: takes the directory, starts the writer, migrates.
 *
 * @param directory made when there is none
 * @param warn is told when the writer dies and what keeps it from starting again
 * @throws MetadataError UNAVAILABLE when another process has the directory, SCHEMA when it is a newer release's
 */
export async function openHost(
	directory: string,
	code: SqliteProgram,
	warn: (message: string, error: unknown) => void,
): Promise<HostEngine> {
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	await using opening = new AsyncDisposableStack();
	opening.use(lockDirectory(directory));
	const file = databaseFile(directory);
	const generation = new Generation();
	const start = () => startThread(code.writer, file, generation);
	const writer = opening.use(await SupervisedWriter.start({ start, warn }));
	syncDirectory(directory);
	const reader = opening.use(new LocalReader(file, code.program, generation));
	const snapshots = opening.use(new SnapshotReaders(code.snapshots, file));
	const ask = writer.request.bind(writer);
	const engine = new SqliteEngine({ reader, snapshots, ask, resources: opening.move() });
	return Object.assign(engine, { serve: (channel: Channel) => serveGuest(channel, ask) });
}

/**
 * Opens the database in another process of the cluster: reads here, writes through the host.
 *
 * @param channel to the host, which serves it
 */
export function openGuest(directory: string, channel: Channel, code: SqliteProgram): Engine {
	const file = databaseFile(directory);
	const client = new RequestClient(channel);
	const resources = new AsyncDisposableStack();
	const reader = resources.use(new LocalReader(file, code.program));
	const snapshots = resources.use(new SnapshotReaders(code.snapshots, file));
	return new SqliteEngine({ reader, snapshots, ask: client.request.bind(client), resources });
}

/** The database's file in its directory. */
export function databaseFile(directory: string): string {
	return join(directory, "metadata.db");
}

/** A new file outlives a power cut only when its directory entry does. */
function syncDirectory(directory: string): void {
	for (const path of [directory, join(directory, "..")]) {
		const descriptor = openSync(path, "r");
		try {
			fsyncSync(descriptor);
		} finally {
			closeSync(descriptor);
		}
	}
}
