import type {
	BlobStore,
	BlobWriter,
	ObjectStat,
	OpenBlob,
	Presigns,
	WriteOpts,
	WriterState,
} from "#/storage/blob-store.ts";
import type { ListedObject } from "#/storage/merge-listings.ts";
import { assertObjectKey } from "#/storage/object-key.ts";
import { openRanges } from "#/storage/open-ranges.ts";
import { type PartedState, parsePartedState } from "#/storage/parted-state.ts";
import { PartedWriter, type PartedWriterDeps } from "#/storage/parted-writer.ts";
import { StoreError } from "#/storage/store-error.ts";
import { deleteBlob, readableBlob, statBlob } from "./blobs.ts";
import { BlockTarget } from "./block-target.ts";
import { assertBlocks, discardBlocks } from "./blocks.ts";
import type { Container } from "./container.ts";
import { listBlobs } from "./list-blobs.ts";
import type { PresignOpts } from "./presigner.ts";

/** What the store works with. */
export interface AzureBlobStoreDeps extends PartedWriterDeps {
	readonly container: Container;
	/** Signs a URL for the blob of this name; absent when clients may not fetch from the container. */
	readonly presign?: (name: string, opts: PresignOpts) => string;
	/** Ends the connections. */
	readonly close: () => void;
}

/** Objects as block blobs: finished ones under their keys, unfinished ones as uncommitted blocks of them. */
export class AzureBlobStore implements BlobStore, Partial<Presigns> {
	readonly driver = "azure";
	readonly presign?: Presigns["presign"];
	readonly #deps: AzureBlobStoreDeps;

	constructor(deps: AzureBlobStoreDeps) {
		this.#deps = deps;
		const { presign, container } = deps;
		if (presign === undefined) return;
		this.presign = async (key, opts) => {
			assertObjectKey(key);
			return presign(container.nameOf(key), opts);
		};
	}

	async stat(key: string, signal: AbortSignal): Promise<ObjectStat | undefined> {
		assertObjectKey(key);
		return await statBlob(this.#deps.container, key, signal);
	}

	async open(key: string, signal: AbortSignal): Promise<OpenBlob> {
		const stat = await this.stat(key, signal);
		if (stat === undefined) throw new StoreError("NOT_FOUND", `no object ${key}`);
		return openRanges(readableBlob(this.#deps.container, stat));
	}

	async write(key: string, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		return this.#writer(key, opts);
	}

	async resume(key: string, state: WriterState, opts: WriteOpts, signal: AbortSignal): Promise<BlobWriter> {
		assertObjectKey(key);
		signal.throwIfAborted();
		const from = parsePartedState(state);
		await assertBlocks(this.#deps.container, key, from.parts, signal);
		return this.#writer(key, opts, from);
	}

	async delete(key: string, _state: WriterState | undefined, signal: AbortSignal): Promise<void> {
		assertObjectKey(key);
		// In this order: blocks that stand alone are what is left.
		await deleteBlob(this.#deps.container, key, signal);
		await discardBlocks(this.#deps.container, key, signal);
	}

	async *list(prefix: string, signal: AbortSignal): AsyncGenerator<ListedObject, void, undefined> {
		yield* listBlobs(this.#deps.container, prefix, signal);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#deps.close();
	}

	#target(key: string): BlockTarget {
		// Names of metadata's values have no rule, but a plain one needs no escaping.
		const writer = this.#deps.newId().replace(/[^A-Za-z0-9]/g, "");
		return new BlockTarget(this.#deps.container, { key, writer });
	}

	#writer(key: string, { algorithm = "sha256", size }: WriteOpts, from?: PartedState): BlobWriter {
		return new PartedWriter(this.#deps, { target: this.#target(key), algorithm, size, ...(from && { from }) });
	}
}
