/** Settings of a {@link Limiter}. */
export interface LimiterOpts {
	/** How many tasks run at once. */
	readonly concurrency: number;
	/** How many more may wait for their turn. */
	readonly maxWaiting: number;
}

/** Runs a bounded number of tasks at once, lets a bounded number wait in order, and turns away the rest. */
export class Limiter {
	readonly #opts: LimiterOpts;
	readonly #waiting: (() => void)[] = [];
	#running = 0;

	constructor(opts: LimiterOpts) {
		this.#opts = opts;
	}

	/** The task's outcome; undefined, without starting it, when there is no room even to wait. */
	tryRun<T>(task: () => Promise<T>): Promise<T> | undefined {
		const free = this.#running < this.#opts.concurrency;
		if (!free && this.#waiting.length >= this.#opts.maxWaiting) return undefined;
		return this.#run(task, free);
	}

	async #run<T>(task: () => Promise<T>, free: boolean): Promise<T> {
		if (free) this.#running++;
		else await new Promise<void>((resolve) => this.#waiting.push(resolve));
		try {
			return await task();
		} finally {
			this.#next();
		}
	}

	/** A place goes from one task straight to the next, so that nobody who comes in between can take it. */
	#next(): void {
		const next = this.#waiting.shift();
		if (next === undefined) this.#running--;
		else next();
	}
}
