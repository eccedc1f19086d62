import { untilAborted } from "#/lib/until-aborted.ts";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import { digestOf, hexOf } from "#/oci/digest.ts";
import type { BlobWriter, WriterState } from "#/storage/blob-store.ts";
import { readDigest } from "#/storage/open-ranges.ts";
import { PartBuffer } from "#/storage/part-buffer.ts";
import { RunningDigest } from "#/storage/running-digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { Multipart, type MultipartDeps } from "./multipart.ts";
import { deleteObject, headObject, putNewObject } from "./objects.ts";
import { readableObject } from "./read-object.ts";
import type { Payload } from "./signed-payload.ts";
import { dropStaged } from "./staged-objects.ts";
import { Tails } from "./tails.ts";
import { formatState, type S3WriterState } from "./writer-state.ts";

/** Room for the first bytes of an object whose size is not known; most are small. */
const FIRST_BYTES = 64 * 1024;

/** What the writers of a store share. */
export interface S3WriterDeps extends MultipartDeps {
	/** Gives an id that no other process gives. */
	readonly newId: () => string;
}

/** The object that a writer begins, or goes on with. */
export interface S3WriterOpts {
	readonly key: string;
	readonly algorithm: Algorithm;
	/** Bytes. */
	readonly partSize: number;
	/** Bytes of the whole object, where they are known. */
	readonly size: number | undefined;
	/** Where an earlier writer stopped, and the bytes of its tail. */
	readonly from?: { readonly state: S3WriterState; readonly tail: Uint8Array };
}

/**
 * Collects parts and sends them on: a small object goes in one request when it is committed, a large one in parts on
 * its way. Parts of an unfinished upload cannot be read, so where a digest needs bytes that are not at hand, the upload
 * is completed for it; the object is then there before `commit`, under a key that nobody knows yet.
 */
export class S3Writer implements BlobWriter {
	readonly #deps: S3WriterDeps;
	readonly #opts: S3WriterOpts;
	readonly #multipart: Multipart;
	readonly #tails: Tails;
	/** The digest of all bytes; absent when the first ones are in parts of an earlier writer. */
	readonly #hash: RunningDigest | undefined;
	/** The SHA-256 of the bytes in the buffer: the digest of all, where that is the same. */
	#partHash: RunningDigest;
	#buffer: PartBuffer;
	#offset: number;
	#checkpoint: S3WriterState | undefined;
	#phase: "open" | "completed" | "committed" | "ended" = "open";
	/** Whether the finished object may be there. */
	#mayExist = false;

	constructor(deps: S3WriterDeps, opts: S3WriterOpts) {
		this.#deps = deps;
		this.#opts = opts;
		const { key, algorithm, partSize, from } = opts;
		const { state } = from ?? {};
		this.#multipart = new Multipart(deps, key, state);
		this.#tails = new Tails(deps.bucket, key, deps.newId, state?.tail.id);
		this.#hash = this.#multipart.count === 0 ? new RunningDigest(algorithm) : undefined;
		this.#partHash = this.#hash?.algorithm === "sha256" ? this.#hash : new RunningDigest("sha256");
		this.#offset = this.#multipart.count * partSize;
		this.#buffer = this.#newBuffer(FIRST_BYTES);
		if (from !== undefined) this.#collect(from.tail);
		this.#checkpoint = state;
	}

	get offset(): number {
		return this.#offset;
	}

	async append(bytes: Uint8Array): Promise<void> {
		this.#assertOpen();
		for (let at = 0; at < bytes.byteLength; ) {
			if (this.#buffer.isFull) await this.#sendPart();
			at += this.#collect(bytes.subarray(at));
		}
	}

	async checkpoint(signal: AbortSignal): Promise<WriterState> {
		signal.throwIfAborted();
		this.#assertOpen();
		if (this.#checkpoint?.offset !== this.#offset) {
			if (this.#buffer.isFull) await untilAborted(signal, () => this.#sendPart());
			const etags = await untilAborted(signal, () => this.#multipart.settled());
			const { uploadId } = this.#multipart;
			const tail = await this.#tails.stage(this.#payload(), signal);
			this.#checkpoint = {
				offset: this.#offset,
				partSize: this.#opts.partSize,
				etags,
				tail,
				...(uploadId !== undefined && { uploadId }),
			};
		}
		return formatState(this.#checkpoint);
	}

	async digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		signal.throwIfAborted();
		this.#assertUsable();
		if (this.#hash?.algorithm === algorithm) {
			// Not right if a part was lost, so that is told now.
			this.#multipart.check();
			return this.#hash.digest();
		}
		if (this.#multipart.count === 0) return digestOf(this.#buffer.bytes, algorithm);
		await this.#complete(signal);
		return await this.#readBack(algorithm, signal);
	}

	async commit(signal: AbortSignal): Promise<void> {
		if (this.#phase === "committed") return;
		signal.throwIfAborted();
		this.#assertUsable();
		if (this.#multipart.count > 0) await this.#complete(signal);
		else await this.#make(() => putNewObject(this.#deps.bucket, this.#opts.key, this.#payload(), signal), signal);
		this.#phase = "committed";
		// The object stands; what is left beside it goes when it is deleted.
		if (this.#hasStaged) await this.#dropStaged(signal).catch(() => undefined);
	}

	async abort(signal: AbortSignal): Promise<void> {
		if (this.#phase === "committed") return;
		this.#phase = "ended";
		await this.#multipart.end();
		if (this.#hasStaged || this.#mayExist) await this.#dropStaged(signal);
		if (this.#mayExist) await deleteObject(this.#deps.bucket, this.#opts.key, signal);
	}

	/** Leaves what `checkpoint` staged, for `resume`; without one there is nothing to go on from, so nothing stays. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#phase === "committed" || this.#phase === "ended") return;
		const isLoose = this.#phase === "open" && this.#multipart.isBegun && !this.#tails.isUsed;
		this.#phase = "ended";
		await this.#multipart.end();
		// Its own alone: another process may have begun under the key anew. Whoever deletes the key finds what is left.
		if (isLoose) await this.#multipart.drop(AbortSignal.timeout(10_000)).catch(() => undefined);
	}

	get #hasStaged(): boolean {
		return this.#tails.isUsed || (this.#multipart.isBegun && this.#phase !== "committed");
	}

	#dropStaged(signal: AbortSignal): Promise<void> {
		const uploadId = this.#phase === "committed" ? undefined : this.#multipart.uploadId;
		return dropStaged(this.#deps.bucket, this.#opts.key, uploadId, signal);
	}

	#collect(bytes: Uint8Array): number {
		const count = this.#buffer.add(bytes);
		const taken = bytes.subarray(0, count);
		this.#partHash.update(taken);
		if (this.#hash !== this.#partHash) this.#hash?.update(taken);
		this.#offset += count;
		return count;
	}

	#payload(): Payload {
		return { bytes: this.#buffer.bytes, sha256: hexOf(this.#partHash.digest()) };
	}

	/** Hands the buffer on as a part and begins a new one. */
	async #sendPart(): Promise<void> {
		const payload = this.#payload();
		this.#buffer = this.#newBuffer(this.#opts.partSize);
		this.#partHash = new RunningDigest("sha256");
		await this.#multipart.push(payload);
	}

	/** @param expected bytes to make room for when the size of the whole is not known */
	#newBuffer(expected: number): PartBuffer {
		const { partSize, size } = this.#opts;
		return new PartBuffer(partSize, size === undefined ? expected : Math.max(0, size - this.#offset));
	}

	/** Makes the object of its parts. */
	async #complete(signal: AbortSignal): Promise<void> {
		if (this.#phase === "completed") return;
		// An aborted attempt has handed it over already.
		if (this.#buffer.length > 0) await untilAborted(signal, () => this.#sendPart());
		await this.#make(() => this.#multipart.complete(signal), signal);
		this.#phase = "completed";
	}

	/**
	 * Makes the object and sees that it is there.
	 *
	 * @param request gives false when the object is there already or cannot be made
	 */
	async #make(request: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
		this.#mayExist = true;
		const isOurs = await request();
		// One request, whose bytes the service compared with their hash, leaves nothing to ask.
		if (isOurs && this.#multipart.count === 0) return;
		const { key } = this.#opts;
		const stat = await headObject(this.#deps.bucket, key, signal);
		// What another holder of the upload made is not ours to delete.
		if (!isOurs) this.#mayExist = false;
		if (stat === undefined) throw new StoreError("NOT_FOUND", `the staged bytes of ${key} are gone`);
		if (stat.size !== this.#offset) throw new StoreError("CORRUPT", `${key} has ${stat.size} bytes of ${this.#offset}`);
		if (isOurs || this.#hash === undefined) return;
		const { algorithm } = this.#hash;
		if ((await this.#readBack(algorithm, signal)) === this.#hash.digest()) return;
		throw new StoreError("CORRUPT", `${key} was made of other bytes by another holder of the upload`);
	}

	#readBack(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		return readDigest(
			readableObject(this.#deps.bucket, { key: this.#opts.key, size: this.#offset }),
			algorithm,
			signal,
		);
	}

	#assertOpen(): void {
		this.#assertUsable();
		if (this.#phase !== "open") throw new Error(`${this.#opts.key} is complete and takes no more bytes`);
	}

	#assertUsable(): void {
		if (this.#phase !== "open" && this.#phase !== "completed") {
			throw new Error(`the writer of ${this.#opts.key} is spent`);
		}
	}
}
