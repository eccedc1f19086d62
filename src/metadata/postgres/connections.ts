import pg from "pg";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { columnTypes } from "./column-types.ts";
import { DatabaseClock } from "./database-clock.ts";
import { DatabaseFailure, messageOf } from "./database-failure.ts";
import { NOW_COLUMN, Session } from "./session.ts";
import { Translator } from "./translate.ts";

/** Where the database is, and how long to wait for it. */
export interface PostgresOpts {
	/** `postgres://user:password@host:port/database`, with `sslmode` and the like as parameters. */
	readonly url: string;
	/** PEM of the authorities that the server's certificate is checked against; needs no `sslmode` in the URL. */
	readonly ca?: string;
	/**
	 * Connections at most, for this process.
	 * @defaultValue 10
	 */
	readonly maxConnections?: number;
	/**
	 * For making a connection, or waiting for a free one; milliseconds.
	 * @defaultValue 5000
	 */
	readonly connectTimeoutMs?: number;
	/**
	 * For one statement; milliseconds. Migrations are not bound by it.
	 * @defaultValue 15000
	 */
	readonly statementTimeoutMs?: number;
}

const defaults = { maxConnections: 10, connectTimeoutMs: 5000, statementTimeoutMs: 15_000 };
/** How much longer than the server the client waits before it gives the connection up, milliseconds. */
const SILENCE_MS = 5000;
/** Longer than any pause between two statements of one transaction, milliseconds. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** The connections of one process to PostgreSQL, made when they are needed and checked when they are made. */
export class Connections implements AsyncDisposable {
	/** The server's clock, set whenever it told its time. */
	readonly clock = new DatabaseClock();
	readonly #pool: pg.Pool;
	readonly #translator = new Translator();
	readonly #statementTimeoutMs: number;

	constructor(opts: PostgresOpts, warn: (message: string, error: unknown) => void) {
		const { url, ca, maxConnections, connectTimeoutMs, statementTimeoutMs } = { ...defaults, ...opts };
		this.#statementTimeoutMs = statementTimeoutMs;
		this.#pool = new pg.Pool({
			connectionString: url,
			...(ca !== undefined && { ssl: { ca } }),
			application_name: "limani",
			max: maxConnections,
			connectionTimeoutMillis: connectTimeoutMs,
			query_timeout: statementTimeoutMs + SILENCE_MS,
			keepAlive: true,
			types: columnTypes,
			onConnect: (client) => this.#prepare(client),
		});
		this.#pool.on("error", (error) => warn("an idle connection to PostgreSQL broke", error));
	}

	/** A connection for the caller alone, who releases it. @throws DatabaseFailure */
	async open(opts: { readonly prepare: boolean } = { prepare: true }): Promise<Session> {
		try {
			return new Session(await this.#pool.connect(), this.#translator, opts);
		} catch (error) {
			throw new DatabaseFailure(messageOf(error), { cause: error, committing: false });
		}
	}

	/** Waits for what is running, then closes. */
	async [Symbol.asyncDispose](): Promise<void> {
		await this.#pool.end();
	}

	async #prepare(client: pg.ClientBase): Promise<void> {
		// A connection that breaks while it is lent and idle tells so here only; its next statement fails anyway.
		client.on("error", () => {});
		const result = await client.query<ServerFacts>(settings, [
			String(this.#statementTimeoutMs),
			String(IDLE_IN_TRANSACTION_MS),
		]);
		const [facts] = result.rows;
		if (facts === undefined) throw new MetadataError("UNAVAILABLE", "PostgreSQL does not tell its settings");
		refuseUnsafe(facts);
		this.clock.set(facts.now);
	}
}

interface ServerFacts {
	readonly now: number;
	readonly fsync: string;
	readonly full_page_writes: string;
	readonly encoding: string;
}

/**
 * Whoever set the server to wait for more than its own disk keeps that; less than its disk is not enough.
 *
 * Every statement has an index to go by, row after row, and reads little. Statistics that lag behind (a table that grew
 * a thousandfold since they were taken) make the planner believe that reading it whole is cheaper, so that is shut off.
 */
const settings = `
	SELECT ${NOW_COLUMN},
		set_config('statement_timeout', $1, false),
		set_config('lock_timeout', $1, false),
		set_config('idle_in_transaction_session_timeout', $2, false),
		set_config('synchronous_commit', CASE
			WHEN current_setting('synchronous_commit') IN ('on', 'remote_apply') THEN current_setting('synchronous_commit')
			ELSE 'on' END, false),
		set_config('enable_seqscan', 'off', false),
		set_config('enable_bitmapscan', 'off', false),
		set_config('enable_hashjoin', 'off', false),
		set_config('enable_mergejoin', 'off', false),
		set_config('enable_sort', 'off', false),
		set_config('jit', 'off', false),
		current_setting('fsync') AS fsync,
		current_setting('full_page_writes') AS full_page_writes,
		current_setting('server_encoding') AS encoding`;

function refuseUnsafe(facts: ServerFacts): void {
	for (const setting of ["fsync", "full_page_writes"] as const) {
		if (facts[setting] !== "on") {
			throw new MetadataError(
				"UNAVAILABLE",
				`PostgreSQL runs with ${setting} off: it would lose acknowledged pushes in a power cut; switch it on`,
			);
		}
	}
	if (facts.encoding !== "UTF8") {
		throw new MetadataError("UNAVAILABLE", `the database is encoded in ${facts.encoding}; it must be UTF8`);
	}
}
