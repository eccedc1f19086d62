import type { ByteBudget } from "./byte-budget.ts";
import { PartSender } from "./part-sender.ts";
import type { StoredPart } from "./parted-state.ts";

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

/** The parts of one object on their way, in order. */
export class PartQueue {
	readonly #put: PartQueueDeps["put"];
	readonly #sender: PartSender;
	readonly #parts: StoredPart[];

	/** @param stored parts that are there already */
	constructor({ put, budget }: PartQueueDeps, stored: readonly StoredPart[]) {
		this.#put = put;
		this.#sender = new PartSender(budget);
		this.#parts = [...stored];
	}

	/** Parts stored or under way, in order. */
	get parts(): readonly StoredPart[] {
		return this.#parts;
	}

	/** See {@link PartSender.check}. */
	check(): void {
		this.#sender.check();
	}

	/** Takes a part over, see {@link PartSender.push}. */
	async push(id: string, payload: Payload): Promise<void> {
		this.check();
		const size = payload.bytes.byteLength;
		this.#parts.push({ id, size });
		await this.#sender.push(size, (signal) => this.#put(id, payload, signal));
	}

	/** All parts, as soon as all are stored. */
	async settled(): Promise<readonly StoredPart[]> {
		await this.#sender.settled();
		return [...this.#parts];
	}

	/** See {@link PartSender.end}. */
	end(): Promise<void> {
		return this.#sender.end();
	}
}
