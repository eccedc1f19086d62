import { Worker } from "node:worker_threads";
import type { Algorithm, Digest } from "#/oci/digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { errnoOf } from "./file-error.ts";
import type { IoCall, IoReply, IoRequest } from "./io-messages.ts";
import { toOwned } from "./own-memory.ts";
import type { Sink } from "./sink.ts";

interface Pending {
	readonly resolve: (digest: Digest | undefined) => void;
	readonly reject: (error: unknown) => void;
}

/**
 * The thread that hashes and writes large uploads: one for the process, shared by all stores, started when first
 * needed and again after it died. Open files of a dead thread fail with UNAVAILABLE: their hash is lost.
 */
export class IoThread implements AsyncDisposable {
	#connection: Connection | undefined;
	#files = 0;

	/**
	 * A sink that hashes and writes there. The pieces given to it are moved to the thread where they own their memory,
	 * and copied where they do not.
	 *
	 * @param hashed bytes that are in the file already, to be hashed first
	 */
	sink(descriptor: number, algorithm: Algorithm, hashed: number): Sink {
		const connection = this.#connect();
		const file = ++this.#files;
		const started = connection.call({ op: "start", file, descriptor, algorithm, hashed });
		started.catch(() => undefined);
		return {
			write: async (pieces, position) => {
				const owned = pieces.map(toOwned);
				const call = connection.call(
					{ op: "write", file, pieces: owned, position },
					owned.map((piece) => piece.buffer),
				);
				await Promise.all([started, call]);
			},
			digest: async () => {
				await started;
				return await connection.call({ op: "digest", file });
			},
			end: async () => {
				await connection.call({ op: "end", file }).catch(() => undefined);
			},
		};
	}

	/**
	 * The digest of the first `size` bytes of a file.
	 *
	 * @throws StoreError CORRUPT when the file is shorter
	 */
	async hash(descriptor: number, size: number, algorithm: Algorithm, signal: AbortSignal): Promise<Digest> {
		signal.throwIfAborted();
		const digest = await this.#connect().call({ op: "hash", descriptor, size, algorithm }, [], signal);
		if (digest === undefined) throw new StoreError("UNAVAILABLE", "the I/O thread gave no digest");
		return digest;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#connection?.close();
	}

	#connect(): Connection {
		if (this.#connection?.isOpen !== true) this.#connection = new Connection();
		return this.#connection;
	}
}

/** One life of the thread. */
class Connection {
	readonly #worker = new Worker(new URL("./io-worker.ts", import.meta.url), { name: "limani-io" });
	readonly #pending = new Map<number, Pending>();
	#seq = 0;
	#ended: Error | undefined;

	constructor() {
		this.#worker.unref();
		this.#worker.on("message", (reply: IoReply) => this.#settle(reply));
		this.#worker.on("error", (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
		this.#worker.on("exit", (code) => this.#end(new Error(`exit code ${code}`)));
	}

	get isOpen(): boolean {
		return this.#ended === undefined;
	}

	call(request: IoRequest, transfer: ArrayBuffer[] = [], signal?: AbortSignal): Promise<Digest | undefined> {
		if (this.#ended !== undefined) return Promise.reject(toThreadError(this.#ended));
		const seq = ++this.#seq;
		const call: IoCall = { seq, request };
		// Only a thread with work keeps the process alive.
		if (this.#pending.size === 0) this.#worker.ref();
		return new Promise((resolve, reject) => {
			const cancel = (): void => {
				this.call({ op: "cancel", request: seq }).catch(() => undefined);
			};
			signal?.addEventListener("abort", cancel, { once: true });
			const stopListening = (): void => signal?.removeEventListener("abort", cancel);
			this.#pending.set(seq, {
				resolve: (digest) => {
					stopListening();
					resolve(digest);
				},
				reject: (error) => {
					stopListening();
					reject(signal?.aborted === true ? signal.reason : error);
				},
			});
			this.#worker.postMessage(call, transfer);
		});
	}

	async close(): Promise<void> {
		await this.#worker.terminate();
	}

	#settle(reply: IoReply): void {
		const pending = this.#pending.get(reply.seq);
		this.#pending.delete(reply.seq);
		if (this.#pending.size === 0) this.#worker.unref();
		if (reply.ok) pending?.resolve(reply.digest);
		else pending?.reject(toError(reply.code, reply.message));
	}

	#end(why: Error): void {
		this.#ended ??= why;
		for (const pending of this.#pending.values()) pending.reject(toThreadError(why));
		this.#pending.clear();
	}
}

const toThreadError = (cause: Error): StoreError =>
	new StoreError("UNAVAILABLE", `the I/O thread ended: ${cause.message}`, { cause });

/** The failure as the thread met it: an errno goes on as such, to be turned where all of them are. */
const toError = (code: string | undefined, message: string): Error => {
	if (code === "CORRUPT") return new StoreError("CORRUPT", message);
	const error = Object.assign(new Error(message), { code });
	return errnoOf(error) === undefined ? new StoreError("UNAVAILABLE", message) : error;
};
