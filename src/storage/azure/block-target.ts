import type { Algorithm, Digest } from "#/oci/digest.ts";
import { readDigest } from "#/storage/open-ranges.ts";
import { partIds } from "#/storage/part-id.ts";
import type { Payload } from "#/storage/part-queue.ts";
import type { PartTarget } from "#/storage/part-target.ts";
import type { StoredPart } from "#/storage/parted-state.ts";
import { readableBlob } from "./blobs.ts";
import {
	type BlobOfWriter,
	commitBlocks,
	deleteOwnBlob,
	discardBlocks,
	MAX_BLOCKS,
	putBlob,
	stageBlock,
} from "./blocks.ts";
import type { Container } from "./container.ts";

/** A block blob being written: its parts are blocks, which nobody can read before the blob is made of them. */
export class BlockTarget implements PartTarget {
	readonly key: string;
	readonly maxParts = MAX_BLOCKS;
	readonly #container: Container;
	readonly #blob: BlobOfWriter;

	constructor(container: Container, blob: BlobOfWriter) {
		this.key = blob.key;
		this.#container = container;
		this.#blob = blob;
	}

	putPart(id: string, payload: Payload, signal: AbortSignal): Promise<void> {
		return stageBlock(this.#container, this.key, { ...payload, id }, signal);
	}

	async putWhole(payload: Payload, signal: AbortSignal): Promise<void> {
		if (await putBlob(this.#container, this.#blob, payload, signal)) return;
		const id = partIds(`${this.#blob.writer} whole`)();
		const part = { id, size: payload.bytes.byteLength };
		await this.putPart(id, payload, signal);
		await this.compose(part.size === 0 ? [] : [part], signal);
	}

	compose(parts: readonly StoredPart[], signal: AbortSignal): Promise<void> {
		return commitBlocks(this.#container, this.#blob, parts, signal);
	}

	readDigest(size: number, algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		return readDigest(readableBlob(this.#container, { key: this.key, size }), algorithm, signal);
	}

	async drop(what: "staged" | "finished", signal: AbortSignal): Promise<void> {
		if (what === "finished") await deleteOwnBlob(this.#container, this.#blob, signal);
		await discardBlocks(this.#container, this.key, signal);
	}
}
