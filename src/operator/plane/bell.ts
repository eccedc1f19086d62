import type { Timing } from "#/kube/timing.ts";

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
		this.#sleeper?.abort();
	}

	/** Resolves at a ring, or after so many milliseconds; the signal's reason is thrown once it is aborted. */
	async wait(ms: number, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const sleeper = new AbortController();
		this.#sleeper = sleeper;
		try {
			if (!this.#rung) await this.#timing.sleep(ms, AbortSignal.any([signal, sleeper.signal]));
		} catch (error) {
			if (!sleeper.signal.aborted) throw error;
		} finally {
			this.#sleeper = undefined;
			this.#rung = false;
		}
		signal.throwIfAborted();
	}
}
