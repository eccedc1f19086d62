import type pg from "pg";
import type { Row, Statement, Step } from "#/metadata/sql/engine/statement.ts";
import { DatabaseFailure, messageOf } from "./database-failure.ts";
import { isAnswer } from "./probe-server.ts";
import type { Translator } from "./translate.ts";

/** Milliseconds since the epoch by the server's clock at this moment, as a column `now`. */
export const NOW_COLUMN = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/** A connection in use, one statement after the other. Everything it throws of its own is a {@link DatabaseFailure}. */
export class Session {
	readonly #client: pg.PoolClient;
	readonly #translator: Translator;
	readonly #opts: SessionOpts & SessionWatch;
	#isReleased = false;

	constructor(client: pg.PoolClient, translator: Translator, opts: SessionOpts & SessionWatch) {
		this.#client = client;
		this.#translator = translator;
		this.#opts = opts;
	}

	/** Opens a transaction; returns the server's time, in the same round trip. */
	async begin(words: string): Promise<number> {
		const results: unknown = await this.#ask(() => this.#client.query(`${words}; SELECT ${NOW_COLUMN}`), false);
		const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
		return nowOf(last);
	}

	/** Ends the transaction; what was written is durable then. */
	async commit(): Promise<void> {
		await this.#ask(() => this.#client.query("COMMIT"), true);
	}

	/** Undoes the transaction. */
	async rollback(): Promise<void> {
		await this.#ask(() => this.#client.query("ROLLBACK"), false);
	}

	/** All rows of one statement. */
	async run({ sql, params }: Statement): Promise<readonly Row[]> {
		const { name, text } = this.#translator.translate(sql);
		const query: pg.QueryConfig = this.#opts.prepare ? { name, text } : { text };
		const result = await this.#ask(() => this.#client.query<Row>({ ...query, values: [...params] }), false);
		return result.rows;
	}

	/** Runs a computation to its end. */
	async runSteps<T>(step: Step<T>): Promise<T> {
		let turn = step.next([]);
		while (!turn.done) turn = step.next(await this.run(turn.value));
		return turn.value;
	}

	/** Gives the connection back, or closes it when it cannot be used again: what it was asked fails then. */
	release(broken: boolean): void {
		if (this.#isReleased) return;
		this.#isReleased = true;
		this.#opts.released();
		this.#client.release(broken);
	}

	async #ask<T>(query: () => Promise<T>, committing: boolean): Promise<T> {
		const end = this.#opts.asked();
		try {
			const answer = await query();
			end(true);
			return answer;
		} catch (error) {
			end(isAnswer(error));
			throw new DatabaseFailure(messageOf(error), { cause: error, committing });
		}
	}
}

/** How a {@link Session} works. */
export interface SessionOpts {
	/** Keep the statements prepared on the connection. For statements that come again. */
	readonly prepare: boolean;
}

/** Who is told what becomes of a {@link Session}. */
export interface SessionWatch {
	/** Called with each statement; its result when that is over, with whether the server answered. */
	readonly asked: () => (answered: boolean) => void;
	/** Called when the connection was given back. */
	readonly released: () => void;
}

function nowOf(result: unknown): number {
	const rows: unknown = typeof result === "object" && result !== null && "rows" in result ? result.rows : undefined;
	const row: unknown = Array.isArray(rows) ? rows[0] : undefined;
	if (typeof row === "object" && row !== null && "now" in row && typeof row.now === "number") return row.now;
	throw new Error("the server did not tell its time");
}
