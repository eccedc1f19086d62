import type { Objects } from "#/metadata/objects.ts";
import { discard } from "#/registry/discard.ts";
import type { Report } from "#/registry/report.ts";
import type { BlobStore, BlobWriter } from "#/storage/blob-store.ts";

/** What {@link writeObject} works with. */
export interface WriteObjectDeps {
	readonly objects: Objects;
	/** This process instance. */
	readonly holder: string;
	readonly report: Report;
}

/** An object of the journal to be written. */
export interface NewObject {
	/** The store's name. */
	readonly name: string;
	readonly store: BlobStore;
	readonly key: string;
	readonly purpose: "journal" | "snapshot";
}

/** How long deleting an object may take that could not be written, in milliseconds. */
const DISCARD_MS = 10_000;

/**
 * Writes an object behind an intent and makes it durable. Until it is settled or sealed, its intent grows stale, and
 * the sweeper deletes it: a crash at any instant leaves nothing for good.
 *
 * @returns bytes written
 * @throws StoreError, MetadataError; nothing is left then
 */
export const writeObject = async (
	deps: WriteObjectDeps,
	object: NewObject,
	pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
	signal: AbortSignal,
): Promise<number> => {
	const { name, store, key, purpose } = object;
	await deps.objects.intend({ store: name, key, purpose, holder: deps.holder });
	let writer: BlobWriter | undefined;
	try {
		writer = await store.write(key, {}, signal);
		for await (const piece of pieces) await writer.append(piece);
		const size = writer.offset;
		await writer.commit(signal);
		return size;
	} catch (error) {
		await condemn(deps, object, writer);
		throw error;
	}
};

/** Deletes an object that was written in vain; what fails of it is left to the sweeper. */
export const condemn = async (deps: WriteObjectDeps, object: NewObject, writer?: BlobWriter): Promise<void> => {
	const { name, store, key } = object;
	try {
		await deps.objects.condemn(name, key);
	} catch (error) {
		deps.report({ event: "journal.condemn-failed", level: "warn", error, fields: { store: name, key } });
		return;
	}
	await discard(deps, { name, store, key, state: undefined, writer }, AbortSignal.timeout(DISCARD_MS));
};
