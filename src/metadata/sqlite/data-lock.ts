import { statfsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { isBusy, toMetadataError } from "./sqlite-failure.ts";

/** File systems of other machines, by the magic number of statfs(2): locks and shared memory do not hold there. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
	[0x6969, "NFS"],
	[0x517b, "SMB"],
	[0xfe534d42, "SMB"],
	[0xff534d42, "CIFS"],
	[0x00c36400, "Ceph"],
	[0x0bd00bd0, "Lustre"],
	[0x5346414f, "AFS"],
	[0x47504653, "GPFS"],
]);

/**
 * Takes a data directory for this process alone, until disposed. It is a lock of the operating system on a file of its
 * own, so a process that is killed frees it.
 *
 * @throws MetadataError UNAVAILABLE when another process has it, or it is on a network file system
 */
export function lockDirectory(directory: string): Disposable {
	refuseNetworkFileSystem(directory);
	const db = new DatabaseSync(join(directory, "lock"), { timeout: 0 });
	try {
		db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE;");
	} catch (error) {
		db.close();
		throw isBusy(error) ? inUse(directory, error) : toMetadataError(error);
	}
	return { [Symbol.dispose]: () => db.close() };
}

function inUse(directory: string, cause: unknown): MetadataError {
	return new MetadataError("UNAVAILABLE", `the data directory ${directory} is in use by another process`, { cause });
}

/** @throws MetadataError UNAVAILABLE where it is on a file system of another machine */
export function refuseNetworkFileSystem(directory: string): void {
	// The kernel's field is 32 bits wide and may come back with its sign extended.
	const name = networkFileSystems.get(statfsSync(directory).type >>> 0);
	if (name === undefined) return;
	throw new MetadataError(
		"UNAVAILABLE",
		`${directory} is on ${name}: the embedded database needs a local file system or a block volume; use PostgreSQL instead`,
	);
}
