import type { ByteBudget } from "#/storage/byte-budget.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { MAX_PARTS } from "./part-size.ts";
import { isStoreError } from "./s3-error.ts";
import type { Payload } from "./signed-payload.ts";
import { completeUpload, createUpload, hasUpload, putPart } from "./uploads.ts";

/** Parts of one object that may be under way while the next one is collected. */
const MAX_BESIDE = 2;

/** What a {@link Multipart} works with. */
export interface MultipartDeps {
	readonly bucket: Bucket;
	/** Bytes of parts under way, shared by all writers of the process. */
	readonly budget: ByteBudget;
}

/** The parts of one object on their way. A part that cannot be stored is lost, so its failure sticks. */
export class Multipart {
	readonly #deps: MultipartDeps;
	readonly #key: string;
	readonly #stop = new AbortController();
	/** Absent for parts that are under way. */
	readonly #etags: (string | undefined)[];
	readonly #inFlight = new Set<Promise<void>>();
	#begun: Promise<string> | undefined;
	#uploadId: string | undefined;
	#failure: { readonly error: unknown } | undefined;

	/** @param stored what is there already */
	constructor(
		deps: MultipartDeps,
		key: string,
		stored: { readonly uploadId?: string; readonly etags: readonly string[] } = { etags: [] },
	) {
		this.#deps = deps;
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

	/** @throws the failure that stuck */
	check(): void {
		if (this.#failure !== undefined) throw this.#failure.error;
	}

	/**
	 * Takes a part over. Resolves when another one may be collected: at once while few are under way, and when all are
	 * stored while the shared budget is spent.
	 *
	 * @throws StoreError FULL after 10,000 parts
	 */
	async push(payload: Payload): Promise<void> {
		this.check();
		const bytes = payload.bytes.byteLength;
		if (this.#etags.length >= MAX_PARTS) {
			const why = `${this.#key} needs more than ${MAX_PARTS} parts of ${bytes} bytes: configure a larger partSize`;
			this.#failure = { error: new StoreError("FULL", why) };
			throw this.#failure.error;
		}
		const index = this.#etags.push(undefined) - 1;
		this.#deps.budget.take(bytes);
		const sent = this.#send(index, payload).finally(() => {
			this.#inFlight.delete(sent);
			this.#deps.budget.give(bytes);
		});
		this.#inFlight.add(sent);
		await this.#until(this.#deps.budget.isSpent ? 0 : MAX_BESIDE);
	}

	/** The ETags of all parts, as soon as all are stored. */
	async settled(): Promise<readonly string[]> {
		await this.#until(0);
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
			return await completeUpload(this.#deps.bucket, place, etags, signal);
		} catch (error) {
			if (isStoreError(error, "NOT_FOUND")) return false;
			// Ceph says "in progress", status 500, of uploads that are not there.
			if (isStoreError(error, "UNAVAILABLE") && !(await hasUpload(this.#deps.bucket, place, signal))) return false;
			throw error;
		}
	}

	/** Ends requests under way and takes no more parts. What is stored stays. Never fails. */
	async end(): Promise<void> {
		this.#failure ??= { error: new Error(`the writer of ${this.#key} is spent`) };
		this.#stop.abort(this.#failure.error);
		await Promise.allSettled(this.#inFlight);
	}

	/** Sends a part and notes how that went. Never fails. */
	async #send(index: number, payload: Payload): Promise<void> {
		const { bucket } = this.#deps;
		const { signal } = this.#stop;
		try {
			this.#begun ??= createUpload(bucket, this.#key, signal);
			const uploadId = await this.#begun;
			this.#uploadId = uploadId;
			this.#etags[index] = await putPart(bucket, { key: this.#key, uploadId }, index + 1, payload, signal);
		} catch (error) {
			this.#failure ??= { error };
		}
	}

	/** Waits until no more than so many parts are under way. */
	async #until(most: number): Promise<void> {
		this.check();
		while (this.#inFlight.size > most) {
			await Promise.race(this.#inFlight);
			this.check();
		}
	}
}
