/**
 * Tells threads of one process whether the database is still as it was: a number that the writer changes before and
 * after each of its transactions. Whoever finds the same even number before a read and later knows that nothing was
 * committed in between.
 */
export class Generation {
	/** To hand to another thread. */
	readonly shared: SharedArrayBuffer;
	readonly #count: Int32Array<SharedArrayBuffer>;

	/** @param shared of another thread's; absent: a new one */
	constructor(shared = new SharedArrayBuffer(4)) {
		this.shared = shared;
		this.#count = new Int32Array(shared);
	}

	/** The number; undefined while a transaction is under way, whose outcome a reader may see or not. */
	get current(): number | undefined {
		const count = Atomics.load(this.#count, 0);
		return isOdd(count) ? undefined : count;
	}

	/** The writer is about to change the database. Calling it again before `end` does nothing. */
	begin(): void {
		if (!isOdd(Atomics.load(this.#count, 0))) Atomics.add(this.#count, 0, 1);
	}

	/** The transaction was committed or undone, and nobody was told so yet. */
	end(): void {
		if (isOdd(Atomics.load(this.#count, 0))) Atomics.add(this.#count, 0, 1);
	}
}

const isOdd = (count: number): boolean => (count & 1) === 1;
