import { createHash } from "node:crypto";
import { untilAborted } from "#/lib/until-aborted.ts";
import { type Algorithm, type Digest, digestOf } from "#/oci/digest.ts";
import type { BlobWriter, WriterState } from "./blob-store.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { PartBuffer } from "./part-buffer.ts";
import { partIds } from "./part-id.ts";
import { PartQueue, type Payload } from "./part-queue.ts";
import type { PartTarget } from "./part-target.ts";
import { formatPartedState, type PartedState, type StoredPart } from "./parted-state.ts";
import { RunningDigest } from "./running-digest.ts";
import { StoreError } from "./store-error.ts";

/** Room for the first bytes of an object whose size is not known; most are small. */
const FIRST_BYTES = 64 * 1024;

/** Parts after which they double in size, so that their number does not bound the size of an object. */
const PARTS_OF_ONE_SIZE = 10_000;

/**
 * Staged copies of what is being collected that stay: the newest, and the one before it, which is the one to go on from
 * when the process dies before the newest is noted.
 */
const KEPT_TAILS = 2;

const DROP_MS = 10_000;

/** What the writers of a store share. */
export interface PartedWriterDeps {
	/** Bytes of parts under way. */
	readonly budget: ByteBudget;
	/** Gives an id that no other process gives. */
	readonly newId: () => string;
	/** Bytes of the first parts. */
	readonly partSize: number;
}

/** The object that a writer begins, or goes on with. */
export interface PartedWriterOpts {
	readonly target: PartTarget;
	readonly algorithm: Algorithm;
	/** Bytes of the whole object, where they are known. */
	readonly size: number | undefined;
	/** Where an earlier writer stopped. */
	readonly from?: PartedState;
}

/**
 * Collects parts and sends them on: a small object goes in one request when it is committed, a large one in parts on
 * its way. A checkpoint stages what is being collected as a part, too. Where a digest needs bytes that are not at hand,
 * the object is made for it; it is then there before `commit`, under a key that nobody knows yet.
 */
export class PartedWriter implements BlobWriter {
	readonly #deps: PartedWriterDeps;
	readonly #opts: PartedWriterOpts;
	readonly #target: PartTarget;
	readonly #queue: PartQueue;
	readonly #newPartId: () => string;
	/** The digest of all bytes; absent when the first ones are in parts of an earlier writer. */
	readonly #hash: RunningDigest | undefined;
	#md5 = createHash("md5");
	#buffer: PartBuffer;
	#offset: number;
	#checkpoint: PartedState | undefined;
	/** Staged copies of the buffer, the newest last. */
	readonly #tails: string[] = [];
	#phase: "open" | "completed" | "committed" | "ended" = "open";
	/** Whether the finished object may be there. */
	#mayExist = false;

	constructor(deps: PartedWriterDeps, opts: PartedWriterOpts) {
		this.#deps = deps;
		this.#opts = opts;
		const { target, from, algorithm } = opts;
		this.#target = target;
		const put = target.putPart.bind(target);
		this.#queue = new PartQueue({ put, budget: deps.budget }, from?.parts.filter(isFilled) ?? []);
		this.#newPartId = partIds(deps.newId());
		this.#hash = this.#queue.parts.length === 0 ? new RunningDigest(algorithm) : undefined;
		this.#offset = from?.offset ?? 0;
		this.#checkpoint = from;
		this.#buffer = this.#newBuffer();
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
			const parts = await untilAborted(signal, () => this.#queue.settled());
			const isAtEdge = this.#buffer.length === 0 && parts.length > 0;
			this.#checkpoint = {
				offset: this.#offset,
				parts: isAtEdge ? parts : [...parts, await this.#stageTail(signal)],
			};
		}
		return formatPartedState(this.#checkpoint);
	}

	async digest(algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		signal.throwIfAborted();
		this.#assertUsable();
		if (this.#hash?.algorithm === algorithm) {
			// Not right if a part was lost, so that is told now.
			this.#queue.check();
			return this.#hash.digest();
		}
		if (this.#queue.parts.length === 0) return digestOf(this.#buffer.bytes, algorithm);
		await this.#complete(signal);
		return await this.#target.readDigest(this.#offset, algorithm, signal);
	}

	async commit(signal: AbortSignal): Promise<void> {
		if (this.#phase === "committed") return;
		signal.throwIfAborted();
		this.#assertUsable();
		await this.#complete(signal);
		this.#phase = "committed";
		const isLeft = this.#hasStaged && this.#target.dropPart !== undefined;
		// The object stands; what is left beside it goes when it is deleted.
		if (isLeft) await this.#target.drop("staged", signal).catch(() => undefined);
	}

	async abort(signal: AbortSignal): Promise<void> {
		if (this.#phase === "committed") return;
		this.#phase = "ended";
		await this.#queue.end();
		if (this.#hasStaged || this.#mayExist) await this.#target.drop(this.#mayExist ? "finished" : "staged", signal);
	}

	/** Leaves what `checkpoint` staged, for `resume`; without one there is nothing to go on from, so nothing stays. */
	async [Symbol.asyncDispose](): Promise<void> {
		if (this.#phase === "committed" || this.#phase === "ended") return;
		const isLoose = this.#phase === "open" && this.#checkpoint === undefined;
		this.#phase = "ended";
		await this.#queue.end();
		if (isLoose) await this.#dropOwnParts();
	}

	get #hasStaged(): boolean {
		return this.#opts.from !== undefined || this.#queue.parts.length > 0 || this.#tails.length > 0;
	}

	#collect(bytes: Uint8Array): number {
		const count = this.#buffer.add(bytes);
		const taken = bytes.subarray(0, count);
		this.#hash?.update(taken);
		this.#md5.update(taken);
		this.#offset += count;
		return count;
	}

	#payload(): Payload {
		return { bytes: this.#buffer.bytes, md5: this.#md5.copy().digest("base64") };
	}

	/** Hands the buffer on as a part and begins a new one. */
	async #sendPart(): Promise<void> {
		const { key, maxParts } = this.#target;
		if (this.#queue.parts.length >= maxParts) throw new StoreError("FULL", `${key} has ${maxParts} parts already`);
		const payload = this.#payload();
		const sent = this.#queue.push(this.#newPartId(), payload);
		this.#buffer = this.#newBuffer();
		this.#md5 = createHash("md5");
		await sent;
	}

	/** Room for the next part. */
	#newBuffer(): PartBuffer {
		const { size } = this.#opts;
		const count = this.#queue.parts.length;
		const partSize = this.#deps.partSize * 2 ** Math.floor(count / PARTS_OF_ONE_SIZE);
		const expected = count === 0 ? FIRST_BYTES : partSize;
		return new PartBuffer(partSize, size === undefined ? expected : Math.max(0, size - this.#offset));
	}

	/** Stores a copy of the buffer, and drops the one that nobody can need any more. */
	async #stageTail(signal: AbortSignal): Promise<StoredPart> {
		const id = this.#newPartId();
		this.#tails.push(id);
		const payload = this.#payload();
		await this.#target.putPart(id, payload, signal);
		for (const old of this.#tails.splice(0, this.#tails.length - KEPT_TAILS)) {
			// What stays goes with all others when the object is finished or deleted.
			await this.#target.dropPart?.(old, signal).catch(() => undefined);
		}
		return { id, size: payload.bytes.byteLength };
	}

	/** Makes the object. */
	async #complete(signal: AbortSignal): Promise<void> {
		if (this.#phase === "completed") return;
		const staged = this.#checkpoint?.offset === this.#offset ? this.#checkpoint.parts.filter(isFilled) : undefined;
		if (this.#queue.parts.length === 0 && (staged === undefined || staged.length === 0)) {
			this.#mayExist = true;
			await this.#target.putWhole(this.#payload(), signal);
		} else {
			// An aborted attempt has handed it over already.
			if (staged === undefined && this.#buffer.length > 0) await untilAborted(signal, () => this.#sendPart());
			const parts = staged ?? (await untilAborted(signal, () => this.#queue.settled()));
			this.#mayExist = true;
			await this.#target.compose(parts, signal);
		}
		this.#phase = "completed";
	}

	/** Only these: another process may have begun under the key anew. Whoever deletes the key finds what is left. */
	async #dropOwnParts(): Promise<void> {
		const signal = AbortSignal.timeout(DROP_MS);
		for (const { id } of this.#queue.parts) {
			await this.#target.dropPart?.(id, signal).catch(() => undefined);
		}
	}

	#assertOpen(): void {
		this.#assertUsable();
		if (this.#mayExist) throw new Error(`${this.#target.key} is complete and takes no more bytes`);
	}

	#assertUsable(): void {
		if (this.#phase !== "open" && this.#phase !== "completed") {
			throw new Error(`the writer of ${this.#target.key} is spent`);
		}
	}
}

const isFilled = (part: StoredPart): boolean => part.size > 0;
