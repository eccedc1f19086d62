import { type EngineReader, type Program, queryStep } from "#/metadata/sql/engine/engine.ts";
import type { Connections } from "./connections.ts";
import { DatabaseFailure } from "./database-failure.ts";
import { postgresDialect } from "./dialect.ts";
import type { Session } from "./session.ts";
import { reading } from "./transactions.ts";

/** Between two queries, much may happen to what they gave: it is written to a slow store, say. */
const words = `${reading}; SET LOCAL idle_in_transaction_session_timeout = '15min'`;

/** A view of the database as it is now, on a connection of its own. @throws DatabaseFailure */
export async function openSnapshot(connections: Connections, program: Program): Promise<EngineReader> {
	const session = await connections.open({ prepare: true });
	try {
		return new PostgresSnapshot(session, program, await session.begin(words));
	} catch (error) {
		session.release(true);
		throw error;
	}
}

class PostgresSnapshot implements EngineReader {
	readonly #session: Session;
	readonly #program: Program;
	readonly #now: number;
	/** Settles with the query before; a connection takes one at a time. */
	#previous: Promise<unknown> = Promise.resolve();
	#open = true;

	constructor(session: Session, program: Program, now: number) {
		this.#session = session;
		this.#program = program;
		this.#now = now;
	}

	async read(name: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
		const answer = this.#previous.then(() => this.#read(name, input, signal));
		this.#previous = answer.catch(() => {});
		return answer;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#previous;
		if (!this.#open) return;
		this.#open = false;
		const ended = await this.#session.commit().then(
			() => true,
			() => false,
		);
		this.#session.release(!ended);
	}

	async #read(name: string, input: unknown, signal: AbortSignal | undefined): Promise<unknown> {
		signal?.throwIfAborted();
		if (!this.#open) throw new Error("the snapshot was closed");
		try {
			const step = queryStep(this.#program, name, input, { dialect: postgresDialect, now: this.#now });
			return await this.#session.runSteps(step);
		} catch (error) {
			throw error instanceof DatabaseFailure ? error.toError() : error;
		}
	}
}
