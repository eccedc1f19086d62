import type { Keeping } from "#/metadata/sql/engine/engine.ts";

/** How much is kept before all of it is dropped. */
export interface KeptAnswersOpts {
	/** @defaultValue 16 384 */
	readonly maxAnswers?: number;
	/** Bytes of all answers, as {@link Keeping.bytes} has them. @defaultValue 16 MiB */
	readonly maxBytes?: number;
}

/**
 * Answers of queries that are asked again and again, kept until anything at all is written: looked at again each time,
 * so that nobody is told what is no longer so. Where much is written little is kept, and little is lost by trying.
 */
export class KeptAnswers {
	readonly #version: () => number | undefined;
	readonly #maxAnswers: number;
	readonly #maxBytes: number;
	readonly #answers = new Map<string, unknown>();
	#bytes = 0;
	#keptAt: number | undefined;

	/**
	 * @param version changes whenever something was committed; undefined while that is uncertain. Asked before a read, so
	 * that a commit in between can only make the kept answer newer than its version
	 */
	constructor(version: () => number | undefined, opts: KeptAnswersOpts = {}) {
		this.#version = version;
		this.#maxAnswers = opts.maxAnswers ?? 16_384;
		this.#maxBytes = opts.maxBytes ?? 16 * 1024 * 1024;
	}

	/** The answer as the database has it at this instant: a kept one, or what `read` gives. */
	get(keeping: Keeping, input: unknown, read: () => unknown): unknown {
		const version = this.#version();
		if (version === undefined) return read();
		if (version !== this.#keptAt) this.#clear(version);
		const key = keeping.key(input as never);
		const kept = this.#answers.get(key);
		if (kept !== undefined) return kept;
		const answer = read();
		if (answer !== undefined) this.#keep(key, answer, keeping.bytes(answer as never));
		return answer;
	}

	#keep(key: string, answer: unknown, bytes: number): void {
		if (this.#answers.size >= this.#maxAnswers || this.#bytes + bytes > this.#maxBytes) this.#clear(this.#keptAt);
		if (bytes > this.#maxBytes) return;
		this.#answers.set(key, answer);
		this.#bytes += bytes;
	}

	#clear(version: number | undefined): void {
		this.#answers.clear();
		this.#bytes = 0;
		this.#keptAt = version;
	}
}
