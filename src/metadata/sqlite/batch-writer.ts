import type { DatabaseSync } from "node:sqlite";
import { commandStep, type Program } from "#/metadata/sql/engine/engine.ts";
import { sqliteDialect } from "./dialect.ts";
import { Generation } from "./generation.ts";
import { HighWaterMark } from "./high-water-mark.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { isFatal, toMetadataError } from "./sqlite-failure.ts";
import { reserved, toWire, type WireOutcome, type WireRequest } from "./wire.ts";
import { type TimeSource, WriterClock } from "./writer-clock.ts";

/** At most so many commands share a COMMIT. */
const MAX_COMMANDS = 256;
/** No further command joins a batch that has run for so long, milliseconds. */
const MAX_BATCH_MS = 5;

/** What a {@link BatchWriter} works with. */
export interface BatchWriterDeps {
	/** The one connection that writes; its schema is current. */
	readonly db: DatabaseSync;
	readonly program: Program;
	readonly time: TimeSource;
	/** Tells readers of this process when the database changes; absent: nobody reads by it. */
	readonly generation?: Generation;
}

/** Runs many commands in one transaction, with one fsync for all: group commit. */
export class BatchWriter {
	readonly #db: DatabaseSync;
	readonly #program: Program;
	readonly #statements: PreparedStatements;
	readonly #mark: HighWaterMark;
	readonly #time: TimeSource;
	readonly #clock: WriterClock;
	readonly #generation: Generation;
	#changes = 0;
	/** As the connection is opened. */
	#isDurable = true;

	constructor(deps: BatchWriterDeps) {
		this.#db = deps.db;
		this.#program = deps.program;
		this.#statements = new PreparedStatements(deps.db);
		this.#mark = new HighWaterMark(this.#statements);
		this.#time = deps.time;
		this.#clock = new WriterClock(deps.time, this.#mark.floor);
		this.#generation = deps.generation ?? new Generation();
		// An earlier writer may have died within a transaction, which was committed or not.
		this.#generation.begin();
		this.#generation.end();
	}

	/**
	 * Runs as many of `requests`, from the first, as fit one batch, and commits. Each command has a savepoint: one that
	 * throws is undone alone.
	 *
	 * @returns one outcome for each request that was run, in order; all of them are durable, but for those of batches of
	 * fleeting commands alone
	 * @throws what SQLite threw when the connection cannot be trusted any more; nothing is known of the batch then
	 */
	run(requests: readonly WireRequest[]): readonly WireOutcome[] {
		const outcomes: WireOutcome[] = [];
		const batch = requests.slice(0, MAX_COMMANDS);
		try {
			this.#makeDurable(batch.some(({ name }) => !this.#program.fleeting?.has(name)));
			this.#statements.run({ sql: "BEGIN IMMEDIATE", params: [] });
			const now = this.#clock.now();
			const deadline = this.#time.monotonic() + MAX_BATCH_MS;
			for (const request of batch) {
				outcomes.push(this.#attempt(request, now));
				if (this.#time.monotonic() > deadline) break;
			}
			const isChanged = this.#isChanged();
			if (isChanged) this.#mark.raise(now);
			// Nobody sees anything of the batch before its COMMIT, which waits for the disk.
			if (isChanged) this.#generation.begin();
			this.#statements.run({ sql: "COMMIT", params: [] });
			return outcomes;
		} catch (error) {
			if (this.#db.isTransaction) this.#statements.run({ sql: "ROLLBACK", params: [] });
			this.#mark.reload();
			if (isFatal(error)) throw error;
			return this.#runAlone(requests.slice(0, Math.max(1, outcomes.length + 1)), error);
		} finally {
			this.#generation.end();
		}
	}

	/** Whether the next COMMIT waits for the disk; one that does makes everything before it durable as well. */
	#makeDurable(isDurable: boolean): void {
		if (isDurable === this.#isDurable) return;
		this.#db.exec(`PRAGMA synchronous = ${isDurable ? "FULL" : "NORMAL"}`);
		this.#isDurable = isDurable;
	}

	/** Batches that changed nothing keep no time, so that an idle registry does not write, and end nothing that is kept. */
	#isChanged(): boolean {
		const [row] = this.#statements.run({ sql: "SELECT total_changes() AS changes", params: [] });
		const before = this.#changes;
		this.#changes = Number(row?.changes);
		return this.#changes !== before;
	}

	/** A batch was lost as a whole (disk full, a deferred constraint): each of its commands is tried by itself. */
	#runAlone(requests: readonly WireRequest[], error: unknown): readonly WireOutcome[] {
		const [only, ...others] = requests;
		if (only === undefined) return [];
		if (others.length === 0) return [failed(only, error)];
		return requests.slice(0, MAX_COMMANDS).flatMap((request) => this.run([request]));
	}

	#attempt(request: WireRequest, now: number): WireOutcome {
		this.#statements.run({ sql: "SAVEPOINT command", params: [] });
		try {
			const value = this.#perform(request, now);
			this.#statements.run({ sql: "RELEASE command", params: [] });
			return { seq: request.seq, ok: true, value };
		} catch (error) {
			// Some failures (disk full above all) make SQLite roll back everything, other commands included.
			if (!this.#db.isTransaction) throw error;
			this.#statements.run({ sql: "ROLLBACK TO command", params: [] });
			this.#statements.run({ sql: "RELEASE command", params: [] });
			return failed(request, error);
		}
	}

	#perform(request: WireRequest, now: number): unknown {
		if (request.name === reserved.ping) return undefined;
		return this.#statements.runSteps(commandStep(this.#program, request, { dialect: sqliteDialect, now }));
	}
}

function failed(request: WireRequest, error: unknown): WireOutcome {
	return { seq: request.seq, ok: false, failure: toWire(toMetadataError(error)) };
}
