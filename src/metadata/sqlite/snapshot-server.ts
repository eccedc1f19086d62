import type { DatabaseSync } from "node:sqlite";
import type { MessagePort } from "node:worker_threads";
import { type Program, queryStep } from "#/metadata/sql/engine/engine.ts";
import { openReadConnection } from "./connection.ts";
import { sqliteDialect } from "./dialect.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { toMetadataError } from "./sqlite-failure.ts";
import { hasKind, isRequests, reserved, toWire, type WireOutcome, type WireRequest } from "./wire.ts";

/**
 * The life of the thread that runs long reads: each snapshot is a connection of its own inside one read transaction.
 * Requests are answered one after the other; nobody else waits for them.
 */
export function serveSnapshots(port: MessagePort, file: string, program: Program): void {
	const snapshots = new SnapshotTable(file, program);
	port.on("message", (message) => {
		if (isRequests(message)) {
			for (const request of message.requests) {
				port.postMessage({ kind: "outcomes", outcomes: [snapshots.answer(request)] });
			}
		} else if (hasKind(message, "close")) {
			port.close();
			snapshots.closeAll();
		}
	});
	port.postMessage({ kind: "ready" });
}

interface Snapshot {
	readonly db: DatabaseSync;
	readonly statements: PreparedStatements;
}

class SnapshotTable {
	readonly #file: string;
	readonly #program: Program;
	readonly #open = new Map<string, Snapshot>();

	constructor(file: string, program: Program) {
		this.#file = file;
		this.#program = program;
	}

	answer({ seq, name, input, id = "" }: WireRequest): WireOutcome {
		try {
			if (name === reserved.openSnapshot) return { seq, ok: true, value: this.#begin(id) };
			if (name === reserved.closeSnapshot) return { seq, ok: true, value: this.#end(id) };
			const snapshot = this.#open.get(id);
			if (snapshot === undefined) throw new Error("the snapshot was closed");
			const step = queryStep(this.#program, name, input, { dialect: sqliteDialect, now: Date.now() });
			return { seq, ok: true, value: snapshot.statements.runSteps(step) };
		} catch (error) {
			return { seq, ok: false, failure: toWire(toMetadataError(error)) };
		}
	}

	closeAll(): void {
		for (const id of [...this.#open.keys()]) this.#end(id);
	}

	#begin(id: string): void {
		const db = openReadConnection(this.#file);
		// A deferred transaction sees what is there at its first read, not at BEGIN.
		db.exec("BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1;");
		this.#open.set(id, { db, statements: new PreparedStatements(db) });
	}

	#end(id: string): void {
		this.#open.get(id)?.db.close();
		this.#open.delete(id);
	}
}
