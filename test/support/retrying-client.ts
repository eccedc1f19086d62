// Asks a registry until it answers: what a client does that will not give up.
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Call, HttpClient } from "./http-client.ts";
import type { Lives, Register } from "./push-ledger.ts";

/** The registry did what it must not; the message says what was asked and what came. */
export class Violation extends Error {
	override readonly name = "Violation";
}

/** How a {@link RetryingClient} goes about it. */
export interface RetryingClientOpts {
	readonly http: HttpClient;
	readonly lives: Lives;
	/** For how long a request may go without a final answer in one life before that is a violation, milliseconds. */
	readonly patienceMs: number;
	/** Whether to stop asking: then {@link Stopped} is thrown. */
	readonly isOver: () => boolean;
}

/** Thrown when the time is over. */
export class Stopped extends Error {}

/** A change that a request makes, and the value that its register then has. */
export interface Change<T> {
	readonly register: Register<T>;
	readonly value: T;
}

/** See the head of this file. */
export class RetryingClient {
	readonly #opts: RetryingClientOpts;
	/** Requests that were sent, answered or not. */
	sent = 0;
	/** Requests that got no answer, or one that says to try again. */
	unanswered = 0;
	/** What became of the requests without an answer, of late. */
	readonly #troubles: string[] = [];

	constructor(opts: RetryingClientOpts) {
		this.#opts = opts;
	}

	/** What the registry's lives are. */
	get lives(): Lives {
		return this.#opts.lives;
	}

	/** One try: undefined when it is not known what became of it. */
	async once(call: Call): Promise<Answer | undefined> {
		this.sent += 1;
		const began = performance.now();
		const answer = await this.#opts.http.call(call);
		if (answer !== undefined && answer.status < 500 && answer.status !== 429) return answer;
		this.unanswered += 1;
		const what = answer === undefined ? "broken" : `${answer.status} ${answer.body.toString("utf8", 0, 200)}`;
		this.#troubles.push(`${call.method} ${call.path}: ${what} after ${Math.round(performance.now() - began)} ms`);
		if (this.#troubles.length > 10) this.#troubles.shift();
		return undefined;
	}

	/** Tries until there is an answer. */
	async ask(call: Call): Promise<Answer> {
		return await this.persist(`${call.method} ${call.path}`, () => this.once(call));
	}

	/** Tries a request that changes something until it is answered with one of `accepted`. */
	async change(call: Call, accepted: readonly number[], changes: readonly Change<unknown>[]): Promise<Answer> {
		return await this.persist(`${call.method} ${call.path}`, async () => {
			const ends = changes.map(({ register, value }) => register.begin(value, this.lives));
			const answer = await this.once(call);
			if (answer !== undefined) expectStatus(call, answer, ...accepted);
			for (const end of ends) end(answer !== undefined);
			return answer;
		});
	}

	/** Repeats `attempt` until it gives something. */
	async persist<T>(what: string, attempt: () => Promise<T | undefined>): Promise<T> {
		let life = this.lives.current;
		let since = performance.now();
		for (let pause = 20; ; pause = Math.min(pause * 2, 500)) {
			if (this.#opts.isOver()) throw new Stopped();
			const result = await attempt();
			if (result !== undefined) return result;
			if (life !== this.lives.current) since = performance.now();
			life = this.lives.current;
			if (performance.now() - since > this.#opts.patienceMs) {
				throw new Violation([`${what}: no answer for long in one life`, ...this.#troubles].join("\n"));
			}
			await sleep(pause);
		}
	}
}

/** @throws Violation when the answer has another status than these */
export const expectStatus = ({ method, path }: Call, answer: Answer, ...accepted: readonly number[]): void => {
	if (accepted.includes(answer.status)) return;
	const said = answer.body.toString("utf8", 0, 400);
	throw new Violation(`${method} ${path}: ${answer.status} instead of ${accepted.join(" or ")}: ${said}`);
};
