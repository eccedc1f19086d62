import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ByteRange, Chunk, OpenBlob } from "#/storage/blob-store.ts";

/** What a connection starts with and falls back to when its peer is slow: small enough for a thousand of them. */
const SMALL = 64 * 1024;
/** The size with the best throughput on one fast connection. */
const LARGE = 512 * 1024;
/** Writes under way at once: one in the socket, one behind it. */
const MAX_IN_FLIGHT = 2;
/** A peer that lets us wait for longer is slow, milliseconds. */
const SLOW_MS = 20;
/** What a peer has to take without such a wait before it counts as fast: more than the buffers of a kernel hold. */
const FAST_AFTER = 6 * 1024 * 1024;

/** One stretch of the blob, with bytes that go before it (multipart headers). */
export interface Part {
	readonly preamble?: string;
	readonly range: ByteRange | undefined;
}

/**
 * Sends parts of an open blob, then `epilogue`, and ends the response. Only a peer that has proved to be fast gets
 * large reads, so that one that is slow keeps no pooled buffer occupied while it lets us wait.
 *
 * @throws the store's error, or an AbortError when the client is gone; the response is then destroyed
 */
export const sendBlob = async (
	response: ServerResponse,
	blob: OpenBlob,
	parts: readonly Part[],
	epilogue: string,
	signal: AbortSignal,
): Promise<void> => {
	using pace = new Pace(response, signal);
	for (const part of parts) {
		if (part.preamble !== undefined) response.write(part.preamble);
		for await (const chunk of blob.chunks(part.range, signal, pace.sizeHint)) {
			pace.write(chunk);
			await pace.ready(signal);
			signal.throwIfAborted();
		}
	}
	response.end(epilogue === "" ? undefined : epilogue);
	if (!response.writableFinished) await once(response, "finish", { signal });
};

/** Watches how fast the peer takes bytes. Disposing it gives back what was lent. */
class Pace implements Disposable {
	readonly #response: ServerResponse;
	readonly #lent = new Set<Chunk>();
	/** Bytes taken since the last long wait. */
	#credit = 0;
	#wake: (() => void) | undefined;

	constructor(response: ServerResponse, signal: AbortSignal) {
		this.#response = response;
		signal.addEventListener("abort", () => this.#wake?.(), { once: true });
	}

	readonly sizeHint = (): number => (this.#credit < FAST_AFTER ? SMALL : LARGE);

	write(chunk: Chunk): void {
		this.#lent.add(chunk);
		this.#credit += chunk.bytes.byteLength;
		this.#response.write(chunk.bytes, () => {
			this.#lent.delete(chunk);
			chunk.release();
			this.#wake?.();
		});
	}

	/** Resolves when the next chunk may be written; after a stall, only when the socket took everything. */
	async ready(signal: AbortSignal): Promise<void> {
		// A response corks its socket until the next tick: only then is it known whether the kernel took the bytes.
		await new Promise<void>((resolve) => process.nextTick(resolve));
		const limit = this.#response.socket?.writableLength === 0 ? MAX_IN_FLIGHT : 1;
		if (this.#lent.size < limit) return;
		const since = performance.now();
		while (this.#lent.size >= limit && !signal.aborted) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
		if (performance.now() - since > SLOW_MS) this.#credit = 0;
	}

	[Symbol.dispose](): void {
		if (this.#lent.size === 0) return;
		// A socket that still sends from a buffer must be gone before anybody else gets the buffer.
		this.#response.destroy();
		for (const chunk of this.#lent) chunk.release();
		this.#lent.clear();
	}
}
