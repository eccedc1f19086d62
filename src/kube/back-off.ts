import type { Timing } from "#/lib/timing.ts";

/** How long to wait between tries. */
export interface BackOffOpts {
	/** Shortest wait, milliseconds. @defaultValue 800 */
	readonly minMs?: number;
	/** Longest wait, milliseconds. @defaultValue 30000 */
	readonly maxMs?: number;
	/** After so many milliseconds without a failure it begins anew. @defaultValue 120000 */
	readonly resetMs?: number;
}

/**
 * Waits that grow with each failure: anything between the shortest one and a bound that doubles, so that many who
 * failed together do not come back together, and nobody comes back at once.
 */
export class BackOff {
	readonly #timing: Pick<Timing, "monotonic" | "random">;
	readonly #minMs: number;
	readonly #maxMs: number;
	readonly #resetMs: number;
	#boundMs: number;
	#failedAt = Number.NEGATIVE_INFINITY;

	constructor(timing: Pick<Timing, "monotonic" | "random">, opts: BackOffOpts = {}) {
		this.#timing = timing;
		this.#minMs = opts.minMs ?? 800;
		this.#maxMs = opts.maxMs ?? 30_000;
		this.#resetMs = opts.resetMs ?? 120_000;
		this.#boundMs = this.#minMs;
	}

	/** Takes note of a failure, and says how many milliseconds to wait. */
	next(): number {
		const now = this.#timing.monotonic();
		if (now - this.#failedAt >= this.#resetMs) this.#boundMs = this.#minMs;
		this.#boundMs = Math.min(this.#maxMs, this.#boundMs * 2);
		const ms = this.#minMs + this.#timing.random() * (this.#boundMs - this.#minMs);
		// What counts as healthy begins after the wait.
		this.#failedAt = now + ms;
		return ms;
	}
}
