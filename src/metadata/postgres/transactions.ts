import type { Row, Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Connections } from "./connections.ts";
import { DatabaseFailure } from "./database-failure.ts";
import { postgresDialect } from "./dialect.ts";
import type { Session, SessionOpts } from "./session.ts";

/** Opens a transaction that writes. Commands lock the rows that they decide on. */
export const writing = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/** Opens a transaction whose statements see one instant. */
export const reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/** Makes a computation for the time at which it runs. */
export type MakeStep<T> = (context: StepContext) => Step<T>;

/** How a connection is lent. */
interface LendOpts extends SessionOpts {
	/** When it is aborted before there is a connection, nothing is begun. */
	readonly signal?: AbortSignal | undefined;
}

/**
 * Lends a connection. If the work throws, what it did in an open transaction is undone, and a connection that cannot be
 * used again is closed.
 */
async function lend<T>(
	connections: Connections,
	{ signal, ...opts }: LendOpts,
	work: (session: Session) => Promise<T>,
): Promise<T> {
	const session = await connections.open(opts);
	if (signal?.aborted === true) {
		// Whoever asked went away while all connections were in use: others wait for this one.
		session.release(false);
		throw signal.reason;
	}
	try {
		const value = await work(session);
		session.release(false);
		return value;
	} catch (error) {
		session.release(isBroken(error) || !(await undo(session)));
		throw error;
	}
}

/** Runs a computation in a transaction opened by `words`, and commits. */
export async function transact<T>(
	connections: Connections,
	{ words, ...opts }: LendOpts & { readonly words: string },
	makeStep: MakeStep<T>,
): Promise<T> {
	return lend(connections, opts, async (session) => {
		const now = await session.begin(words);
		connections.clock.set(now);
		const value = await session.runSteps(makeStep({ dialect: postgresDialect, now }));
		await session.commit();
		return value;
	});
}

/**
 * Runs a computation that only reads, if one statement is all it takes: without a transaction, in one round trip.
 *
 * @returns undefined when it wants a second statement; nothing was done then
 */
export async function readAlone<T>(
	connections: Connections,
	makeStep: MakeStep<T>,
	signal?: AbortSignal,
): Promise<{ readonly value: T } | undefined> {
	const step = makeStep({ dialect: postgresDialect, now: connections.clock.now() });
	let turn = step.next([]);
	if (!turn.done) {
		const statement = turn.value;
		const rows: readonly Row[] = await lend(connections, { prepare: true, signal }, (session) =>
			session.run(statement),
		);
		turn = step.next(rows);
	}
	return turn.done ? { value: turn.value } : undefined;
}

function isBroken(error: unknown): boolean {
	return error instanceof DatabaseFailure && (error.fault === "lost" || error.fault === "stale");
}

async function undo(session: Session): Promise<boolean> {
	try {
		await session.rollback();
		return true;
	} catch {
		return false;
	}
}
