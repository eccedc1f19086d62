import pg from "pg";
import { systemTiming, type Timing } from "#/lib/timing.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { columnTypes } from "./column-types.ts";
import { DatabaseClock } from "./database-clock.ts";
import { DatabaseFailure, messageOf } from "./database-failure.ts";
import { isAnswer, probeServer } from "./probe-server.ts";
import { ServerWatch } from "./server-watch.ts";
import { NOW_COLUMN, Session, type SessionOpts } from "./session.ts";
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
	 * For one statement, and the wait for a lock; milliseconds. The statements of a migration are not bound by it.
	 * @defaultValue 15000
	 */
	readonly statementTimeoutMs?: number;
}

const defaults = { maxConnections: 10, connectTimeoutMs: 5000, statementTimeoutMs: 15_000 };
/** How much longer than the server the client waits before it gives the connection up, milliseconds. */
const SILENCE_MS = 5000;
/**
 * How long nothing may come over a connection before the other side's kernel is asked for a sign of life, milliseconds;
 * ten seconds later it counts as broken. A migration waits for its answer without any other limit, over networks that
 * forget connections on which nothing comes for minutes; and the system's own two hours are no help.
 */
const KEEP_ALIVE_MS = 10_000;
/**
 * How long a transaction may hold its locks while nothing comes from who opened it, milliseconds: far longer than it takes
 * to send the next statement, no shorter than this process waits for a silent server ({@link ServerWatch}), and so short
 * that those who wait behind a replica that was cut off, or stands still, get through before their statements time out,
 * as long as no more than two of its transactions are queued at the same row: each of them gets the lock when the one
 * before has ended, and idles for as long once more.
 */
const IDLE_IN_TRANSACTION_MS = 5_000;

/** What the connections of a process work with. */
export interface ConnectionsDeps {
	/** Is told of what goes wrong behind the callers. */
	readonly warn: (message: string, error: unknown) => void;
	/** @defaultValue the machine's */
	readonly timing?: Timing;
}

/**
 * The connections of one process to PostgreSQL, made when they are needed and checked when they are made. While the
 * server is gone without a word, everything fails at once; a call is never left waiting for long.
 */
export class Connections implements AsyncDisposable {
	/** The server's clock, set whenever it told its time. */
	readonly clock = new DatabaseClock();
	readonly #deps: ConnectionsDeps & { readonly timing: Timing };
	readonly #settings: pg.PoolConfig;
	readonly #translator = new Translator();
	readonly #statementTimeoutMs: number;
	readonly #watch: ServerWatch;
	#pool: pg.Pool;
	/** Connections that are lent. */
	readonly #lent = new Set<Session>();
	/** Those who wait for one. */
	readonly #waiting = new Set<(error: Error) => void>();
	#isCut = false;

	constructor(opts: PostgresOpts, { timing = systemTiming, ...deps }: ConnectionsDeps) {
		const { url, ca, maxConnections, connectTimeoutMs, statementTimeoutMs } = { ...defaults, ...opts };
		this.#deps = { ...deps, timing };
		this.#statementTimeoutMs = statementTimeoutMs;
		this.#settings = {
			connectionString: url,
			...(ca !== undefined && { ssl: { ca } }),
			application_name: "limani",
			max: maxConnections,
			connectionTimeoutMillis: connectTimeoutMs,
			query_timeout: statementTimeoutMs + SILENCE_MS,
			keepAlive: true,
			keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
			types: columnTypes,
		};
		this.#pool = this.#openPool();
		this.#watch = new ServerWatch({
			timing,
			probe: (ms) => probeServer(this.#settings, timing, ms),
			onAway: () => this.#giveUp(),
			onBack: (ms) => deps.warn("PostgreSQL answers again", `it was away for ${Math.round(ms)} ms`),
		});
	}

	/** A connection for the caller alone, who releases it. @throws DatabaseFailure */
	async open(opts: SessionOpts = { prepare: true }): Promise<Session> {
		if (this.#watch.isAway) throw away();
		if (this.#isCut) throw failure("the connections to the database were cut, for the process ends");
		const end = this.#watch.asked();
		try {
			const client = await this.#connect();
			end(true);
			const session = new Session(client, this.#translator, {
				...opts,
				asked: () => this.#watch.asked(),
				released: () => this.#lent.delete(session),
			});
			this.#lent.add(session);
			return session;
		} catch (error) {
			end(isAnswer(error) || error instanceof MetadataError);
			if (error instanceof DatabaseFailure) throw error;
			throw new DatabaseFailure(messageOf(error), { cause: error, committing: false });
		}
	}

	/** Closes what is open, whatever it is at, which fails then; from now on nothing can be asked. */
	cut(): void {
		this.#isCut = true;
		this.#letGo();
	}

	/** Waits for what is running, then closes. */
	async [Symbol.asyncDispose](): Promise<void> {
		await this.#pool.end();
		this.#watch[Symbol.dispose]();
	}

	#openPool(): pg.Pool {
		const pool = new pg.Pool({ ...this.#settings, onConnect: (client) => this.#prepare(client) });
		pool.on("error", (error) => this.#deps.warn("an idle connection to PostgreSQL broke", error));
		return pool;
	}

	/** One of the pool's, unless the server goes away meanwhile. */
	#connect(): Promise<pg.PoolClient> {
		const { promise, resolve, reject } = Promise.withResolvers<pg.PoolClient>();
		this.#waiting.add(reject);
		this.#pool.connect().then(
			(client) => {
				if (this.#waiting.delete(reject)) resolve(client);
				else client.release(true);
			},
			(error) => {
				this.#waiting.delete(reject);
				reject(error);
			},
		);
		return promise;
	}

	#giveUp(): void {
		this.#deps.warn("PostgreSQL does not answer", "nothing came for some seconds");
		this.#letGo();
	}

	/** Of all connections: what comes over one of them now comes from before. */
	#letGo(): void {
		for (const reject of this.#waiting) reject(away());
		this.#waiting.clear();
		for (const session of [...this.#lent]) session.release(true);
		const old = this.#pool;
		this.#pool = this.#openPool();
		old.end().catch(() => undefined);
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

const away = (): DatabaseFailure => failure("the database does not answer");

const failure = (message: string): DatabaseFailure =>
	new DatabaseFailure(message, { cause: new MetadataError("UNAVAILABLE", message), committing: false });
