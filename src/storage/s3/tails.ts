import { digestOf, hexOf } from "#/oci/digest.ts";
import { openRanges } from "#/storage/open-ranges.ts";
import { stagedName } from "#/storage/staged-names.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { deleteObject, headObject, putObject } from "./objects.ts";
import { readableObject } from "./read-object.ts";
import type { Payload } from "./signed-payload.ts";
import type { TailState } from "./writer-state.ts";

/**
 * Tails that stay: the newest, and the one before it, which is the one to go on from when the process dies before the
 * newest is noted.
 */
const KEPT = 2;

/** The tails that one writer stages, see {@link stagedName}. */
export class Tails {
	readonly #bucket: Bucket;
	readonly #key: string;
	readonly #newId: () => string;
	readonly #ids: string[];

	/** @param known a tail that is there already */
	constructor(bucket: Bucket, key: string, newId: () => string, known?: string) {
		this.#bucket = bucket;
		this.#key = key;
		this.#newId = newId;
		this.#ids = known === undefined ? [] : [known];
	}

	/** Whether any may be stored. */
	get isUsed(): boolean {
		return this.#ids.length > 0;
	}

	/** Stores a new tail, and drops the one that nobody can need any more. */
	async stage(payload: Payload, signal: AbortSignal): Promise<TailState> {
		const id = this.#newId();
		this.#ids.push(id);
		await putObject(this.#bucket, stagedName(this.#key, id), payload, signal);
		for (const old of this.#ids.splice(0, this.#ids.length - KEPT)) {
			// What stays goes with all others when the object is finished or deleted.
			await deleteObject(this.#bucket, stagedName(this.#key, old), signal).catch(() => undefined);
		}
		return { id, size: payload.bytes.byteLength, sha256: payload.sha256 };
	}
}

/**
 * The bytes of a tail.
 *
 * @throws StoreError NOT_FOUND when it is gone, CORRUPT when it is not what it was
 */
export const readTail = async (
	bucket: Bucket,
	key: string,
	{ id, size, sha256 }: TailState,
	signal: AbortSignal,
): Promise<Uint8Array> => {
	const name = stagedName(key, id);
	if (size === 0 && (await headObject(bucket, name, signal)) === undefined) {
		throw new StoreError("NOT_FOUND", `the tail of ${key} is gone`);
	}
	await using blob = openRanges(readableObject(bucket, { key: name, size }));
	const pieces: Uint8Array[] = [];
	for await (const { bytes } of blob.chunks(undefined, signal)) pieces.push(bytes);
	const tail = Buffer.concat(pieces);
	if (hexOf(digestOf(tail)) !== sha256) throw new StoreError("CORRUPT", `the tail of ${key} has changed`);
	return tail;
};
