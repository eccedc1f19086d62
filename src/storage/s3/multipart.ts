import type { ByteBudget } from "#/storage/byte-budget.ts";
import { PartSender } from "#/storage/part-sender.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { MAX_PARTS } from "./part-size.ts";
import { isStoreError } from "./s3-error.ts";
import type { Payload } from "./signed-payload.ts";
import { abortUpload, completeUpload, createUpload, hasUpload, putPart } from "./uploads.ts";

/** What a {@link Multipart} works with. */
export interface MultipartDeps {
	readonly bucket: Bucket;
	/** Bytes of parts under way, shared by all writers of the process. */
	readonly budget: ByteBudget;
}

/** The parts of one object on their way, as a multipart upload that begins with the first of them. */
export class Multipart {
	readonly #bucket: Bucket;
	readonly #key: string;
	readonly #sender: PartSender;
	/** Absent for parts that are under way. */
	readonly #etags: (string | undefined)[];
	#begun: Promise<string> | undefined;
	#uploadId: string | undefined;

	/** @param stored what is there already */
	constructor(
		{ bucket, budget }: MultipartDeps,
		key: string,
		stored: { readonly uploadId?: string; readonly etags: readonly string[] } = { etags: [] },
	) {
		this.#bucket = bucket;
		this.#sender = new PartSender(budget);
		this.#key = key;
		this.#etags = [...stored.etags];
		this.#uploadId = stored.uploadId;
		if (stored.uploadId !== undefined) this.#begun = Promise.resolve(stored.uploadId);
	}

	/** Parts stored or under way. */
	get count(): number {
		return this.#etags.length;
	}

	/** Whether the service may have anything of us. */
	get isBegun(): boolean {
		return this.#begun !== undefined;
	}

	/** Absent as long as the service has not told it. */
	get uploadId(): string | undefined {
		return this.#uploadId;
	}

	/** See {@link PartSender.check}. */
	check(): void {
		this.#sender.check();
	}

	/**
	 * Takes a part over, see {@link PartSender.push}.
	 *
	 * @throws StoreError FULL after 10,000 parts
	 */
	async push(payload: Payload): Promise<void> {
		this.check();
		const bytes = payload.bytes.byteLength;
		if (this.#etags.length >= MAX_PARTS) {
			const why = `${this.#key} needs more than ${MAX_PARTS} parts of ${bytes} bytes: configure a larger partSize`;
			this.#sender.fail(new StoreError("FULL", why));
		}
		const index = this.#etags.push(undefined) - 1;
		await this.#sender.push(bytes, (signal) => this.#send(index, payload, signal));
	}

	/** The ETags of all parts, as soon as all are stored. */
	async settled(): Promise<readonly string[]> {
		await this.#sender.settled();
		return this.#etags.filter((etag) => etag !== undefined);
	}

	/**
	 * Makes the object of its parts.
	 *
	 * @returns false when that is not possible: a part or the whole upload is gone, or the object is there already, be
	 * it by a request of ours whose answer was lost or by another holder of the upload
	 */
	async complete(signal: AbortSignal): Promise<boolean> {
		const etags = await this.settled();
		const uploadId = await this.#begun;
		if (uploadId === undefined) throw new Error(`${this.#key} has no parts`);
		const place = { key: this.#key, uploadId };
		try {
			return await completeUpload(this.#bucket, place, etags, signal);
		} catch (error) {
			if (isStoreError(error, "NOT_FOUND")) return false;
			// Ceph says "in progress", status 500, of uploads that are not there.
			if (isStoreError(error, "UNAVAILABLE") && !(await hasUpload(this.#bucket, place, signal))) return false;
			throw error;
		}
	}

	/** See {@link PartSender.end}. */
	end(): Promise<void> {
		return this.#sender.end();
	}

	/** Drops the upload, where the service told of it. */
	async drop(signal: AbortSignal): Promise<void> {
		if (this.#uploadId !== undefined)
			await abortUpload(this.#bucket, { key: this.#key, uploadId: this.#uploadId }, signal);
	}

	async #send(index: number, payload: Payload, signal: AbortSignal): Promise<void> {
		this.#begun ??= createUpload(this.#bucket, this.#key, signal);
		const uploadId = await this.#begun;
		this.#uploadId = uploadId;
		this.#etags[index] = await putPart(this.#bucket, { key: this.#key, uploadId }, index + 1, payload, signal);
	}
}
