import { MetadataError } from "#/metadata/metadata-error.ts";

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const codes = {
	busy: 5,
	locked: 6,
	noMemory: 7,
	readOnly: 8,
	ioError: 10,
	corrupt: 11,
	full: 13,
	cantOpen: 14,
	notDb: 26,
};

const transient: ReadonlySet<number> = new Set([codes.busy, codes.locked, codes.noMemory]);
const fatal: ReadonlySet<number> = new Set([codes.readOnly, codes.ioError, codes.corrupt, codes.cantOpen, codes.notDb]);

/**
 * What a failure of node:sqlite means to callers: FULL, UNAVAILABLE, or itself when it is none of the database's
 * (a constraint that a command broke, a mistake in a statement).
 */
export function toMetadataError(error: unknown): unknown {
	const code = resultCode(error);
	if (code === undefined) return error;
	const message = error instanceof Error ? error.message : String(error);
	if (code === codes.full) {
		return new MetadataError("FULL", "no room on the database's disk", { cause: error });
	}
	if (transient.has(code) || fatal.has(code)) {
		return new MetadataError("UNAVAILABLE", `the database cannot answer: ${message}`, { cause: error });
	}
	return error;
}

/**
 * True when the connection must not be used any more. After a failed fsync the kernel may have dropped the pages it
 * could not write, so that only reading the log again from the disk tells what is there.
 */
export function isFatal(error: unknown): boolean {
	const code = resultCode(error);
	return code !== undefined && fatal.has(code);
}

/** True when somebody else holds the lock. */
export function isBusy(error: unknown): boolean {
	const code = resultCode(error);
	return code === codes.busy || code === codes.locked;
}

function resultCode(error: unknown): number | undefined {
	if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return undefined;
	return error.errcode & 0xff;
}
