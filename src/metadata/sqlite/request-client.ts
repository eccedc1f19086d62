import { MetadataError } from "#/metadata/metadata-error.ts";
import { type Channel, fromWire, isOutcomes, type WireRequest } from "./wire.ts";

interface Waiting {
	readonly resolve: (value: unknown) => void;
	readonly reject: (error: Error) => void;
}

/**
 * Asks a database thread at the other end of a channel. What is asked for in one turn of the event loop goes in one
 * message. When the channel closes, everything unanswered is rejected with MetadataError UNAVAILABLE: it may have been
 * done or not.
 */
export class RequestClient {
	readonly #channel: Channel;
	readonly #waiting = new Map<number, Waiting>();
	#unsent: WireRequest[] = [];
	#seq = 0;
	#closed = false;

	constructor(channel: Channel) {
		this.#channel = channel;
		channel.onMessage((message) => this.#receive(message));
		channel.onClose(() => this.#close());
	}

	/** Resolves with what the other end answers; rejects with what it threw, or MetadataError UNAVAILABLE. */
	request(name: string, input: unknown, id: string | undefined): Promise<unknown> {
		if (this.#closed) return Promise.reject(databaseAway());
		return new Promise((resolve, reject) => {
			const seq = ++this.#seq;
			this.#waiting.set(seq, { resolve, reject });
			// Promises' continuations run before the next tick, so a whole round of answers that leads to new
			// writes makes one message, and one group commit.
			if (this.#unsent.push({ seq, name, input, id }) === 1) process.nextTick(() => this.#flush());
		});
	}

	#flush(): void {
		const requests = this.#unsent;
		this.#unsent = [];
		if (this.#closed) return;
		try {
			this.#channel.send({ kind: "requests", requests });
		} catch {
			// One input that cannot be cloned spoils the message: each goes alone, and the spoiler is found.
			for (const request of requests) this.#sendAlone(request);
		}
	}

	#sendAlone(request: WireRequest): void {
		try {
			this.#channel.send({ kind: "requests", requests: [request] });
		} catch (error) {
			this.#take(request.seq)?.reject(error instanceof Error ? error : new Error(String(error)));
		}
	}

	#receive(message: unknown): void {
		if (!isOutcomes(message)) return;
		for (const outcome of message.outcomes) {
			const waiting = this.#take(outcome.seq);
			if (outcome.ok) waiting?.resolve(outcome.value);
			else waiting?.reject(fromWire(outcome.failure));
		}
	}

	#take(seq: number): Waiting | undefined {
		const waiting = this.#waiting.get(seq);
		this.#waiting.delete(seq);
		return waiting;
	}

	#close(): void {
		this.#closed = true;
		const waiting = [...this.#waiting.values()];
		this.#waiting.clear();
		for (const { reject } of waiting) reject(databaseAway());
	}
}

/** What a request meets while nobody can answer it. */
export function databaseAway(): MetadataError {
	return new MetadataError("UNAVAILABLE", "the database is away; try again");
}
