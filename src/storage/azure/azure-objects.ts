import type { BlobWriter, WriteOpts } from "#/storage/blob-store.ts";
import { type PartedState, parsePartedState } from "#/storage/parted-state.ts";
import { PartedWriter, type PartedWriterDeps } from "#/storage/parted-writer.ts";
import type { RemoteObjects } from "#/storage/remote-blob-store.ts";
import { deleteBlob, readableBlob, statBlob } from "./blobs.ts";
import { BlockTarget } from "./block-target.ts";
import { assertBlocks, discardBlocks } from "./blocks.ts";
import type { Container } from "./container.ts";
import { listBlobs } from "./list-blobs.ts";
import type { PresignOpts } from "./presigner.ts";

/** What the objects are made with. */
export interface AzureObjectsDeps extends PartedWriterDeps {
	readonly container: Container;
	/** Signs a URL for the blob of this name; absent when clients may not fetch from the container. */
	readonly presign?: (name: string, opts: PresignOpts) => string;
	/** Ends the connections. */
	readonly close: () => void;
}

/** Objects as block blobs: finished ones under their keys, unfinished ones as uncommitted blocks of them. */
export const azureObjects = (deps: AzureObjectsDeps): RemoteObjects => {
	const { container, presign, newId, close } = deps;
	const openWriter = (key: string, { algorithm = "sha256", size }: WriteOpts, from?: PartedState): BlobWriter => {
		// Names of metadata's values have no rule, but a plain one needs no escaping.
		const writer = newId().replace(/[^A-Za-z0-9]/g, "");
		const target = new BlockTarget(container, { key, writer });
		return new PartedWriter(deps, { target, algorithm, size, ...(from && { from }) });
	};
	return {
		driver: "azure",
		stat: (key, signal) => statBlob(container, key, signal),
		read: (stat) => readableBlob(container, stat),
		write: (key, opts) => openWriter(key, opts),
		resume: async (key, state, opts, signal) => {
			const from = parsePartedState(state);
			await assertBlocks(container, key, from.parts, signal);
			return openWriter(key, opts, from);
		},
		delete: async (key, _state, signal) => {
			// In this order: blocks that stand alone are what is left.
			await deleteBlob(container, key, signal);
			await discardBlocks(container, key, signal);
		},
		list: (prefix, signal) => listBlobs(container, prefix, signal),
		...(presign && { presign: async (key, opts) => presign(container.nameOf(key), opts) }),
		close,
	};
};
