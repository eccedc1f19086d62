import type { Timing } from "#/lib/timing.ts";

/** Wakes one who sleeps. A ring while nobody sleeps is heard by the next one who does. */
export class Bell {
	readonly #timing: Pick<Timing, "sleep">;
	#rung = false;
	#sleeper: AbortController | undefined;

	constructor(timing: Pick<Timing, "sleep">) {
		this.#timing = timing;
	}

	/** Ends the sleep. */
	ring(): void {
		this.#rung = true;
		this.#sleeper?.abort("rung");
	}

	/** Resolves at a ring, or after so many milliseconds; the signal's reason is thrown once it is aborted. */
	async wait(ms: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const sleeper = new AbortController();
		this.#sleeper = sleeper;
		// A composed signal would leave something of each sleep with the other one, which lives long.
		const end = () => sleeper.abort(signal.reason);
		signal.addEventListener("abort", end, { once: true });
		try {
			if (!this.#rung) await this.#timing.sleep(ms, sleeper.signal);
		} catch (error) {
			if (!sleeper.signal.aborted) throw error;
		} finally {
			signal.removeEventListener("abort", end);
			this.#sleeper = undefined;
			this.#rung = false;
		}
		signal.throwIfAborted();
	}
}
