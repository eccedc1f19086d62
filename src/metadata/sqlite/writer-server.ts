import type { DatabaseSync } from "node:sqlite";
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Program } from "#/metadata/sql/engine/engine.ts";
import { migrate } from "#/metadata/sql/engine/migrate.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import { endStaleCapture } from "#/metadata/sql/transfer/stale-capture.ts";
import { BatchWriter } from "./batch-writer.ts";
import { openWriteConnection } from "./connection.ts";
import type { ThreadStart } from "./database-thread.ts";
import { sqliteDialect } from "./dialect.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { toMetadataError } from "./sqlite-failure.ts";
import { hasKind, isRequests, toWire, type WireRequest } from "./wire.ts";
import { systemTime } from "./writer-clock.ts";

/**
 * The writer thread's whole life: migrate, say `ready`, then answer requests in batches until told to close. Whatever
 * arrives while one batch is being written makes the next. Says `failed` and ends when it cannot go on.
 *
 * @param start the line to the thread that started it, and the database, which is made when there is none
 */
export async function serveWriter({ port, file, generation }: ThreadStart, program: Program): Promise<void> {
	let db: DatabaseSync | undefined;
	try {
		const opened = openWriteConnection(file);
		db = opened;
		inTransaction(opened, () => endStaleCapture(program.migrations.length));
		await migrate(program.migrations, (step) => inTransaction(opened, step));
		const writer = new BatchWriter({ db, program, time: systemTime, generation });
		port.on("message", (message) => serveBurst({ port, db: opened, writer }, message));
		port.postMessage({ kind: "ready" });
	} catch (error) {
		fail(port, db, error);
	}
}

interface Serving {
	readonly port: MessagePort;
	readonly db: DatabaseSync;
	readonly writer: BatchWriter;
}

function serveBurst({ port, db, writer }: Serving, first: unknown): void {
	const inbox = new Inbox(port);
	inbox.take(first);
	try {
		while (true) {
			inbox.drain();
			if (inbox.requests.length === 0) break;
			const outcomes = writer.run(inbox.requests);
			inbox.requests = inbox.requests.slice(outcomes.length);
			port.postMessage({ kind: "outcomes", outcomes });
		}
		if (inbox.closing) close(port, db);
	} catch (error) {
		fail(port, db, error);
	}
}

/** What has arrived and is not answered yet. */
class Inbox {
	requests: WireRequest[] = [];
	closing = false;
	readonly #port: MessagePort;

	constructor(port: MessagePort) {
		this.#port = port;
	}

	take(message: unknown): void {
		if (isRequests(message)) this.requests.push(...message.requests);
		else if (hasKind(message, "close")) this.closing = true;
	}

	/** Takes everything that has arrived by now, without waiting. */
	drain(): void {
		for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port)) {
			this.take(next.message);
		}
	}
}

function inTransaction<T>(db: DatabaseSync, step: (context: StepContext) => Step<T>): T {
	db.exec("BEGIN IMMEDIATE");
	try {
		const value = new PreparedStatements(db).runSteps(step({ dialect: sqliteDialect, now: Date.now() }));
		db.exec("COMMIT");
		return value;
	} catch (error) {
		if (db.isTransaction) db.exec("ROLLBACK");
		throw error;
	}
}

function fail(port: MessagePort, db: DatabaseSync | undefined, error: unknown): void {
	port.postMessage({ kind: "failed", failure: toWire(toMetadataError(error)) });
	close(port, db);
}

function close(port: MessagePort, db: DatabaseSync | undefined): void {
	port.close();
	db?.close();
}
