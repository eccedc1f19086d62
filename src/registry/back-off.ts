/** Bounds of a {@link BackOff}, in milliseconds. */
export interface BackOffOpts {
	readonly firstMs: number;
	readonly maxMs: number;
}

/** Keeps off what failed: for a while that doubles with every failure in a row. Times are monotonic. */
export class BackOff {
	readonly #opts: BackOffOpts;
	readonly #failing = new Map<string, { readonly failures: number; readonly until: number }>();

	constructor(opts: BackOffOpts) {
		this.#opts = opts;
	}

	/** Whether `name` should be left alone at `now`. */
	isOff(name: string, now: number): boolean {
		return now < (this.#failing.get(name)?.until ?? now);
	}

	failed(name: string, now: number): void {
		const failures = (this.#failing.get(name)?.failures ?? 0) + 1;
		const pause = Math.min(this.#opts.firstMs * 2 ** (failures - 1), this.#opts.maxMs);
		this.#failing.set(name, { failures, until: now + pause });
	}

	worked(name: string): void {
		this.#failing.delete(name);
	}
}
