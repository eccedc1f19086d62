import type { ByteBudget } from "./byte-budget.ts";
import type { StoredPart } from "./parted-state.ts";

/** Parts of one object that may be under way while the next one is collected. */
const MAX_BESIDE = 2;

/** Bytes, with the hash by which the store notices what the network did to them. */
export interface Payload {
	readonly bytes: Uint8Array;
	/** Of the bytes, in base64. */
	readonly md5: string;
}

/** What a {@link PartQueue} works with. */
export interface PartQueueDeps {
	/** Stores one part. */
	readonly put: (id: string, payload: Payload, signal: AbortSignal) => Promise<void>;
	/** Bytes of parts under way, shared by all writers of the process. */
	readonly budget: ByteBudget;
}

/** The parts of one object on their way. A part that cannot be stored is lost, so its failure sticks. */
export class PartQueue {
	readonly #deps: PartQueueDeps;
	readonly #stop = new AbortController();
	readonly #parts: StoredPart[];
	readonly #inFlight = new Set<Promise<void>>();
	#failure: { readonly error: unknown } | undefined;

	/** @param stored parts that are there already */
	constructor(deps: PartQueueDeps, stored: readonly StoredPart[]) {
		this.#deps = deps;
		this.#parts = [...stored];
	}

	/** Parts stored or under way, in order. */
	get parts(): readonly StoredPart[] {
		return this.#parts;
	}

	/** @throws the failure that stuck */
	check(): void {
		if (this.#failure !== undefined) throw this.#failure.error;
	}

	/**
	 * Takes a part over. Resolves when another one may be collected: at once while few are under way, and when all are
	 * stored while the shared budget is spent.
	 */
	async push(id: string, payload: Payload): Promise<void> {
		this.check();
		const size = payload.bytes.byteLength;
		this.#parts.push({ id, size });
		this.#deps.budget.take(size);
		const sent = this.#send(id, payload).finally(() => {
			this.#inFlight.delete(sent);
			this.#deps.budget.give(size);
		});
		this.#inFlight.add(sent);
		await this.#until(this.#deps.budget.isSpent ? 0 : MAX_BESIDE);
	}

	/** All parts, as soon as all are stored. */
	async settled(): Promise<readonly StoredPart[]> {
		await this.#until(0);
		return [...this.#parts];
	}

	/** Ends requests under way and takes no more parts. What is stored stays. Never fails. */
	async end(): Promise<void> {
		this.#failure ??= { error: new Error("the writer is spent") };
		this.#stop.abort(this.#failure.error);
		await Promise.allSettled(this.#inFlight);
	}

	/** Sends a part and notes how that went. Never fails. */
	async #send(id: string, payload: Payload): Promise<void> {
		try {
			await this.#deps.put(id, payload, this.#stop.signal);
		} catch (error) {
			this.#failure ??= { error };
		}
	}

	/** Waits until no more than so many parts are under way. */
	async #until(most: number): Promise<void> {
		this.check();
		while (this.#inFlight.size > most) {
			await Promise.race(this.#inFlight);
			this.check();
		}
	}
}
