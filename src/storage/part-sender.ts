import type { ByteBudget } from "./byte-budget.ts";

/** Parts of one object that may be under way while the next one is collected. */
const MAX_BESIDE = 2;

/** Sends the parts of one object, a few at a time. A part that cannot be stored is lost, so its failure sticks. */
export class PartSender {
	readonly #budget: ByteBudget;
	readonly #stop = new AbortController();
	readonly #inFlight = new Set<Promise<void>>();
	#failure: { readonly error: unknown } | undefined;

	/** @param budget bytes of parts under way, shared by all writers of the process */
	constructor(budget: ByteBudget) {
		this.#budget = budget;
	}

	/** @throws the failure that stuck */
	check(): void {
		if (this.#failure !== undefined) throw this.#failure.error;
	}

	/** From now on nothing is sent any more, for this. @throws it */
	fail(error: unknown): never {
		this.#failure ??= { error };
		throw this.#failure.error;
	}

	/**
	 * Sends a part of so many bytes. Resolves when another one may be collected: at once while few are under way, and
	 * when all are stored while the shared budget is spent.
	 */
	async push(bytes: number, send: (signal: AbortSignal) => Promise<void>): Promise<void> {
		this.check();
		this.#budget.take(bytes);
		const sent = this.#send(send).finally(() => {
			this.#inFlight.delete(sent);
			this.#budget.give(bytes);
		});
		this.#inFlight.add(sent);
		await this.#until(this.#budget.isSpent ? 0 : MAX_BESIDE);
	}

	/** Resolves as soon as all are stored. */
	async settled(): Promise<void> {
		await this.#until(0);
	}

	/** Ends requests under way and sends no more. What is stored stays. Never fails. */
	async end(): Promise<void> {
		this.#failure ??= { error: new Error("the writer is spent") };
		this.#stop.abort(this.#failure.error);
		await Promise.allSettled(this.#inFlight);
	}

	/** Notes how it went. Never fails. */
	async #send(send: (signal: AbortSignal) => Promise<void>): Promise<void> {
		try {
			await send(this.#stop.signal);
		} catch (error) {
			this.#failure ??= { error };
		}
	}

	/** Waits until no more than so many are under way. */
	async #until(most: number): Promise<void> {
		this.check();
		while (this.#inFlight.size > most) {
			await Promise.race(this.#inFlight);
			this.check();
		}
	}
}
