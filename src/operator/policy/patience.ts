import type { Timing } from "#/lib/timing.ts";

/** How long the registry may take to answer before a status says that it is waited for, milliseconds. */
const PATIENCE_MS = 2_000;

/** Remembers since when an answer is waited for, so that one that comes at once needs no status of its own. */
export class Patience {
	readonly #timing: Pick<Timing, "monotonic">;
	readonly #patienceMs: number;
	readonly #since = new Map<string, number>();

	/** @param patienceMs how long nothing is said. @defaultValue 2 000 */
	constructor(timing: Pick<Timing, "monotonic">, patienceMs = PATIENCE_MS) {
		this.#timing = timing;
		this.#patienceMs = patienceMs;
	}

	/** How much longer nothing is to be said, milliseconds; absent: it has taken long. */
	left(uid: string): number | undefined {
		const now = this.#timing.monotonic();
		const since = this.#since.get(uid) ?? now;
		this.#since.set(uid, since);
		const left = since + this.#patienceMs - now;
		return left > 0 ? left : undefined;
	}

	/** Nothing is waited for any more. */
	end(uid: string): undefined {
		this.#since.delete(uid);
	}
}
