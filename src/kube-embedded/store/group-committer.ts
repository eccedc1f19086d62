import type { DatabaseSync } from "node:sqlite";

interface Waiting {
	readonly run: () => void;
	readonly done: () => void;
	readonly failed: (error: unknown) => void;
}

/**
 * Runs commands in transactions: those that arrive in one turn of the event loop share one, a savepoint each, so that
 * they share its flush to disk too. A command that throws leaves nothing behind and disturbs no other.
 */
export class GroupCommitter {
	readonly #database: DatabaseSync;
	readonly #committed: () => void;
	readonly #rolledBack: () => void;
	#waiting: Waiting[] = [];
	#closed = false;

	/**
	 * @param committed called after each commit, before the commands' callers hear of it
	 * @param rolledBack called when a whole group is lost
	 */
	constructor(database: DatabaseSync, committed: () => void, rolledBack: () => void) {
		this.#database = database;
		this.#committed = committed;
		this.#rolledBack = rolledBack;
	}

	/** What the command gave, once it is on disk. The command must be synchronous. @throws Error after {@link close} */
	run<T>(command: () => T): Promise<T> {
		if (this.#closed) return Promise.reject(new Error("the store is closed"));
		const { promise, resolve, reject } = Promise.withResolvers<T>();
		let value: { readonly of: T } | undefined;
		this.#waiting.push({
			run: () => {
				value = { of: command() };
			},
			done: () => value !== undefined && resolve(value.of),
			failed: reject,
		});
		if (this.#waiting.length === 1) setImmediate(() => this.flush());
		return promise;
	}

	/** Runs what waits now. */
	flush(): void {
		const group = this.#waiting;
		this.#waiting = [];
		if (group.length === 0) return;
		try {
			this.#database.exec("BEGIN IMMEDIATE");
			const ran = group.filter((waiting) => this.#runOne(waiting));
			this.#database.exec("COMMIT");
			this.#committed();
			for (const { done } of ran) done();
		} catch (error) {
			if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
			this.#rolledBack();
			for (const { failed } of group) failed(error);
		}
	}

	/** Runs what waits now, and nothing more. */
	close(): void {
		this.flush();
		this.#closed = true;
	}

	#runOne({ run, failed }: Waiting): boolean {
		this.#database.exec("SAVEPOINT command");
		try {
			run();
			this.#database.exec("RELEASE command");
			return true;
		} catch (error) {
			this.#database.exec("ROLLBACK TO command; RELEASE command");
			failed(error);
			return false;
		}
	}
}
