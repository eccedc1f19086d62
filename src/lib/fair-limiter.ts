/** Settings of a {@link FairLimiter}. */
export interface FairLimiterOpts {
	/** How many tasks run at once. */
	readonly concurrency: number;
	/** How many more may wait for their turn, of all groups together. */
	readonly maxWaiting: number;
}

/** Told whether its turn has come (true), or it lost its place in the line. */
type Waiter = (isTurn: boolean) => void;

/**
 * Runs a bounded number of tasks at once and lets a bounded number wait. Groups take turns, and in a full line the group
 * that has the most waiting loses its last place to one that has fewer: no group can keep the others out.
 */
export class FairLimiter {
	readonly #opts: FairLimiterOpts;
	/** By group, in the order of their turns; none is empty. */
	readonly #lines = new Map<string, Waiter[]>();
	#waiting = 0;
	#running = 0;

	constructor(opts: FairLimiterOpts) {
		this.#opts = opts;
	}

	/** The task's outcome; undefined, without starting it, when there is no room even to wait, or no more. */
	async tryRun<T>(group: string, task: () => Promise<T>): Promise<T | undefined> {
		if (this.#running < this.#opts.concurrency) this.#running++;
		else if (!(await this.#turn(group))) return undefined;
		try {
			return await task();
		} finally {
			this.#next();
		}
	}

	#turn(group: string): Promise<boolean> {
		if (this.#waiting >= this.#opts.maxWaiting && !this.#makeRoom(group)) return Promise.resolve(false);
		return new Promise((resolve) => {
			const line = this.#lines.get(group);
			if (line === undefined) this.#lines.set(group, [resolve]);
			else line.push(resolve);
			this.#waiting++;
		});
	}

	#makeRoom(group: string): boolean {
		// Two more than the newcomer's: with one more, the two groups would only change places.
		let most = (this.#lines.get(group)?.length ?? 0) + 2;
		let longest: Waiter[] | undefined;
		for (const line of this.#lines.values()) {
			if (line.length < most) continue;
			longest = line;
			most = line.length + 1;
		}
		const last = longest?.pop();
		if (last === undefined) return false;
		this.#waiting--;
		last(false);
		return true;
	}

	/** A place goes from one task straight to the next, so that nobody who comes in between can take it. */
	#next(): void {
		for (const [group, line] of this.#lines) {
			this.#lines.delete(group);
			const first = line.shift();
			if (line.length > 0) this.#lines.set(group, line);
			if (first === undefined) continue;
			this.#waiting--;
			first(true);
			return;
		}
		this.#running--;
	}
}
