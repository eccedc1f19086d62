import type { Objects } from "#/metadata/objects.ts";
import type { BlobStore, BlobWriter, WriterState } from "#/storage/blob-store.ts";
import { findObject } from "./find-object.ts";
import type { Report } from "./report.ts";

/** What {@link discard} works with. */
export interface DiscardDeps {
	readonly objects: Objects;
	readonly report: Report;
}

/** An object that metadata condemned. */
export interface Condemned {
	readonly name: string;
	readonly store: BlobStore;
	readonly key: string;
	/** The last known state of an unfinished object. */
	readonly state: WriterState | undefined;
	/** The writer that still has it open, which then is spent. */
	readonly writer?: BlobWriter | undefined;
}

/**
 * Deletes a condemned object's bytes now instead of at the next sweep. It never fails: what it cannot do the sweeper
 * does, since the row goes last.
 */
export const discard = async (
	{ objects, report }: DiscardDeps,
	{ name, store, key, state, writer }: Condemned,
	signal: AbortSignal,
): Promise<void> => {
	try {
		// The writer knows of bytes that came after the last checkpoint; after a commit it has nothing more to undo.
		await writer?.abort(signal);
		await store.delete(key, state, signal);
		await objects.forget(name, key);
	} catch (error) {
		report({ event: "object.discard-failed", level: "warn", error, fields: { store: name, key } });
	}
};

/**
 * Deletes what a writer that lost its upload may have left under a key that metadata has forgotten meanwhile. A key
 * that is known, condemned or live by the hand of another holder, is left alone.
 */
export const discardUnknown = async (
	{ objects, report }: DiscardDeps,
	{ name, store, key, state }: Condemned,
	signal: AbortSignal,
): Promise<void> => {
	try {
		if ((await findObject(objects, name, key, signal)) === undefined) await store.delete(key, state, signal);
	} catch (error) {
		report({ event: "object.discard-failed", level: "warn", error, fields: { store: name, key } });
	}
};
