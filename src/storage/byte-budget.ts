/**
 * A bound on bytes that many holders share, which asks rather than forbids: a holder takes what it must and, when the
 * budget is spent, gives back before it takes more.
 */
export class ByteBudget {
	readonly #limit: number;
	#taken = 0;

	/** @param limit bytes */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/** Bytes taken and not given back. */
	get taken(): number {
		return this.#taken;
	}

	/** True while holders should give back before they take more. */
	get isSpent(): boolean {
		return this.#taken >= this.#limit;
	}

	/** Takes `bytes`, also beyond the limit. */
	take(bytes: number): void {
		this.#taken += bytes;
	}

	/** Gives `bytes` back. */
	give(bytes: number): void {
		this.#taken -= bytes;
	}
}
