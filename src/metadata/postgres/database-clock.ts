/** The server's clock, told from its last answer and the time since, so that a read needs no round trip to know it. */
export class DatabaseClock {
	#offset = 0;
	#known = false;

	/** Takes note of the server's time, milliseconds since the epoch. */
	set(now: number): void {
		this.#offset = now - performance.now();
		this.#known = true;
	}

	/** The server's time to within a round trip, milliseconds since the epoch; this machine's before the first answer. */
	now(): number {
		return this.#known ? Math.floor(performance.now() + this.#offset) : Date.now();
	}
}
