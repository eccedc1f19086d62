import type pg from "pg";
import type { Row, Statement, Step } from "#/metadata/sql/engine/statement.ts";
import { DatabaseFailure, messageOf } from "./database-failure.ts";
import { isAnswer } from "./probe-server.ts";
import type { Translator } from "./translate.ts";

/** Milliseconds since the epoch by the server's clock at this moment, as a column `now`. */
export const NOW_COLUMN = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now";

/**
 * The longest that a timer of Node takes, 24 days. The pool's own limit holds for a query that has none, or 0.
 */
const ENDLESS_MS = 2_147_483_647;

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
		const results: unknown = await this.#ask({ text: `${words}; SELECT ${NOW_COLUMN}` });
		const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
		return nowOf(last);
	}

	/** Ends the transaction; what was written is durable then. */
	async commit(): Promise<void> {
		await this.#ask({ text: "COMMIT" }, true);
	}

	/** Undoes the transaction. */
	async rollback(): Promise<void> {
		await this.#ask({ text: "ROLLBACK" });
	}

	/** All rows of one statement. */
	async run({ sql, params }: Statement): Promise<readonly Row[]> {
		const { name, text } = this.#translator.translate(sql);
		const values = [...params];
		const result = await this.#ask(this.#opts.prepare ? { name, text, values } : { text, values });
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

	async #ask(query: pg.QueryConfig, committing = false): Promise<pg.QueryResult<Row>> {
		const end = this.#opts.asked();
		try {
			const limit = this.#opts.isUnbounded === true ? { query_timeout: ENDLESS_MS } : {};
			const answer = await this.#client.query<Row>({ ...query, ...limit });
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
	/**
	 * Wait for each answer for as long as the server takes, where it was told to take its time: a migration would be given
	 * up in its midst otherwise, go on at the server with all its locks, be undone there, and begin anew for ever. A server
	 * that is gone is noticed all the same: by the watch, and a connection that is gone alone by its keep-alive.
	 * @defaultValue false
	 */
	readonly isUnbounded?: boolean;
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
