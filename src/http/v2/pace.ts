import type { ServerResponse } from "node:http";
import type { Chunk } from "#/storage/blob-store.ts";

/** What a slow peer keeps occupied: little enough for a thousand of them, bytes. */
const SMALL = 32 * 1024;
/** The size of reads with the best throughput, bytes. */
const LARGE = 512 * 1024;
/** Writes under way at once: one in the socket, one behind it. */
const MAX_IN_FLIGHT = 2;
/** A peer that lets us wait for longer is slow, milliseconds. */
const SLOW_MS = 20;
/** What a peer has to take without such a wait before it counts as fast: what the kernels' buffers take from anybody. */
const FAST_AFTER = 8 * 1024 * 1024;

interface Copy {
	readonly bytes: Buffer<ArrayBuffer>;
	/** Writes that still refer to it. */
	writes: number;
}

/**
 * Writes chunks as fast as the peer takes them, and finds out how fast that is. Bytes that the socket has are out of
 * reach until the peer takes them, so a peer that has not proved to be fast gets copies: the chunk itself can then be
 * given back at any time.
 */
export class Pace {
	readonly #response: ServerResponse;
	readonly #signal: AbortSignal;
	/** How to give back what the socket has. */
	readonly #lent = new Set<() => void>();
	/** Bytes taken since the last stall. */
	#credit = 0;
	#isSlow = false;
	#isStalled = false;
	#copy: Copy | undefined;
	#wake: (() => void) | undefined;

	constructor(response: ServerResponse, signal: AbortSignal) {
		this.#response = response;
		this.#signal = signal;
		signal.addEventListener("abort", () => this.#wake?.(), { once: true });
	}

	/** How much to read at a time. */
	readonly sizeHint = (): number => (this.#isSlow ? SMALL : LARGE);

	/** The peer lets us wait: nothing should be read for it before {@link resumed}. */
	get isStalled(): boolean {
		return this.#isStalled;
	}

	/** Takes a chunk; returns how many of its bytes were sent: fewer than all of them when the peer stalled meanwhile. */
	async send(chunk: Chunk): Promise<number> {
		const { byteLength } = chunk.bytes;
		const isFast = this.#credit >= FAST_AFTER;
		if (isFast) this.#isSlow = false;
		if (!isFast && byteLength > SMALL) return await this.#sendCopies(chunk);
		await this.#write(chunk.bytes, () => chunk.release());
		return byteLength;
	}

	/** Resolves when the peer goes on, or the client is gone. */
	async resumed(): Promise<void> {
		while (this.#isStalled && this.#lent.size > 0 && !this.#signal.aborted) await this.#woken();
		this.#isStalled = false;
	}

	/** Gives back what was never sent, as nobody else will: Node forgets the writes of a response that had no turn. */
	giveBack(): void {
		for (const release of this.#lent) release();
		this.#lent.clear();
	}

	async #sendCopies(chunk: Chunk): Promise<number> {
		const { bytes } = chunk;
		let sent = 0;
		try {
			while (sent < bytes.byteLength && !this.#isStalled && !this.#signal.aborted) {
				this.#copy ??= { bytes: Buffer.allocUnsafeSlow(SMALL), writes: 0 };
				const copy = this.#copy;
				const piece = copy.bytes.subarray(0, Math.min(SMALL, bytes.byteLength - sent));
				piece.set(bytes.subarray(sent, sent + piece.byteLength));
				sent += piece.byteLength;
				copy.writes += 1;
				const isTaken = await this.#write(piece, () => this.#leave(copy));
				// What the kernel took at once left the copy free for the next one.
				if (!isTaken && copy.writes > 0) this.#copy = undefined;
			}
		} finally {
			chunk.release();
		}
		return sent;
	}

	/** Of a thousand slow peers, the copies cannot wait for the collector. */
	#leave(copy: Copy): void {
		copy.writes -= 1;
		if (copy.writes === 0 && this.#copy !== copy) copy.bytes.buffer.transfer(0);
	}

	/** Resolves when more may be written, or the peer stalled; to whether the kernel took the bytes at once. */
	async #write(bytes: Uint8Array, release: () => void): Promise<boolean> {
		this.#lent.add(release);
		this.#credit += bytes.byteLength;
		this.#response.write(bytes, () => {
			if (this.#lent.delete(release)) release();
			this.#wake?.();
		});
		// A response corks its socket until the next tick: only then is it known whether the kernel took the bytes.
		await new Promise<void>((resolve) => process.nextTick(resolve));
		const isTaken = this.#response.socket?.writableLength === 0;
		const limit = isTaken ? MAX_IN_FLIGHT : 1;
		if (this.#lent.size >= limit) await this.#room(limit);
		return isTaken;
	}

	async #room(limit: number): Promise<void> {
		const timer = setTimeout(() => {
			this.#isStalled = true;
			this.#isSlow = true;
			this.#credit = 0;
			this.#copy = undefined;
			this.#wake?.();
		}, SLOW_MS);
		while (this.#lent.size >= limit && !this.#isStalled && !this.#signal.aborted) await this.#woken();
		clearTimeout(timer);
	}

	#woken(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}
}
