import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { ByteRange, OpenBlob } from "#/storage/blob-store.ts";

/** What a connection starts with and falls back to when its peer is slow: small enough for a thousand of them. */
const SMALL = 64 * 1024;
/** The size with the best throughput on one fast connection. */
const LARGE = 512 * 1024;
/** Writes under way at once: one in the socket, one behind it. */
const MAX_IN_FLIGHT = 2;

/** One stretch of the blob, with bytes that go before it (multipart headers). */
export interface Part {
	readonly preamble?: string;
	readonly range: ByteRange | undefined;
}

/**
 * Sends parts of an open blob, then `epilogue`, and ends the response. Reads grow while the socket takes everything at
 * once and shrink to {@link SMALL} as soon as it does not, so that a slow peer soon occupies no pooled buffer.
 *
 * @throws the store's error, or an AbortError when the client is gone; the response is then unusable
 */
export const sendBlob = async (
	response: ServerResponse,
	blob: OpenBlob,
	parts: readonly Part[],
	epilogue: string,
	signal: AbortSignal,
): Promise<void> => {
	const pace = new Pace(response, signal);
	for (const part of parts) {
		if (part.preamble !== undefined) response.write(part.preamble);
		for await (const chunk of blob.chunks(part.range, signal, pace.sizeHint)) {
			if (signal.aborted) {
				chunk.release();
				signal.throwIfAborted();
			}
			pace.write(chunk.bytes, chunk.release);
			await pace.ready(signal);
		}
	}
	response.end(epilogue === "" ? undefined : epilogue);
	if (!response.writableFinished) await once(response, "finish", { signal });
};

/** Watches how fast the peer takes bytes. */
class Pace {
	readonly #response: ServerResponse;
	#size = SMALL;
	#inFlight = 0;
	#wake: (() => void) | undefined;

	constructor(response: ServerResponse, signal: AbortSignal) {
		this.#response = response;
		signal.addEventListener("abort", () => this.#wake?.(), { once: true });
	}

	readonly sizeHint = (): number => this.#size;

	write(bytes: Uint8Array, release: () => void): void {
		this.#inFlight += 1;
		this.#response.write(bytes, () => {
			release();
			this.#inFlight -= 1;
			this.#wake?.();
		});
	}

	/** Resolves when the next chunk may be written; after a stall, only when the socket took everything. */
	async ready(signal: AbortSignal): Promise<void> {
		// A response corks its socket until the next tick: only then is it known whether the kernel took the bytes.
		await new Promise<void>((resolve) => process.nextTick(resolve));
		const flushed = (this.#response.socket?.writableLength ?? 0) === 0;
		this.#size = flushed ? Math.min(this.#size * 2, LARGE) : SMALL;
		const limit = flushed ? MAX_IN_FLIGHT : 1;
		while (this.#inFlight >= limit && !signal.aborted) {
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}
}
