/** What histories came to, added up. */
export class HistorySum {
	readonly #sums = new Map<string, number>();
	/** How many there were. */
	histories = 0;

	/** Adds one. */
	add(counts: { readonly [what: string]: number }): void {
		this.histories += 1;
		for (const [what, count] of Object.entries(counts)) this.#sums.set(what, this.of(what) + count);
	}

	/** The sum of these counts. */
	of(what: string): number {
		return this.#sums.get(what) ?? 0;
	}

	toString(): string {
		return JSON.stringify({ histories: this.histories, ...Object.fromEntries(this.#sums) });
	}
}
