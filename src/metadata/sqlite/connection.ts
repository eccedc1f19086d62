import { DatabaseSync } from "node:sqlite";

/** How long a connection waits for a lock that somebody else has (a backup tool, a checkpoint), milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

/**
 * Opens the one connection that writes, and makes the file when there is none.
 * FULL: one fsync of the write-ahead log per COMMIT, before COMMIT returns.
 */
export function openWriteConnection(file: string): DatabaseSync {
	const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
	db.exec(`
		PRAGMA journal_mode = WAL;
		PRAGMA synchronous = FULL;
		PRAGMA cache_size = -16384;
		PRAGMA temp_store = MEMORY;
		PRAGMA wal_autocheckpoint = 4000;
		PRAGMA journal_size_limit = 67108864;
	`);
	return db;
}

/**
 * Opens a connection that can only read. The file must exist, with its schema.
 * Not mapped into memory: an I/O error would then be a signal that kills the process, and it was not faster.
 */
export function openReadConnection(file: string): DatabaseSync {
	const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
	db.exec("PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;");
	return db;
}
