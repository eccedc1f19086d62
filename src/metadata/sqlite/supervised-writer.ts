import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseThread } from "./database-thread.ts";
import { databaseAway, RequestClient } from "./request-client.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** What a {@link SupervisedWriter} works with. */
export interface SupervisedWriterDeps {
	/** Starts a writer thread; rejects when it cannot get ready. */
	readonly start: () => Promise<DatabaseThread>;
	/** Is told why the writer ended, or could not be started again. */
	readonly warn: (message: string, error: unknown) => void;
}

/**
 * The one writer thread, started again whenever it ends. What it had not answered is rejected with MetadataError
 * UNAVAILABLE, and so is everything asked for until the next one is ready.
 */
export class SupervisedWriter implements AsyncDisposable {
	readonly #deps: SupervisedWriterDeps;
	readonly #closing = new AbortController();
	readonly #life: Promise<void>;
	#thread: DatabaseThread;
	#client: RequestClient | undefined;

	private constructor(deps: SupervisedWriterDeps, thread: DatabaseThread) {
		this.#deps = deps;
		this.#thread = thread;
		this.#client = new RequestClient(thread.channel);
		this.#life = this.#supervise();
	}

	/** @throws what kept the first writer from getting ready */
	static async start(deps: SupervisedWriterDeps): Promise<SupervisedWriter> {
		return new SupervisedWriter(deps, await deps.start());
	}

	/** See {@link RequestClient.request}. */
	request(name: string, input: unknown, id: string | undefined): Promise<unknown> {
		return this.#client?.request(name, input, id) ?? Promise.reject(databaseAway());
	}

	/** Lets the writer answer what it has, then ends it. */
	async [Symbol.asyncDispose](): Promise<void> {
		this.#closing.abort();
		await this.#thread[Symbol.asyncDispose]();
		await this.#life;
	}

	async #supervise(): Promise<void> {
		while (true) {
			const reason = await this.#thread.ended;
			this.#client = undefined;
			if (this.#closing.signal.aborted) return;
			this.#deps.warn("the database's writer ended; starting another", reason);
			if (!(await this.#restart())) return;
		}
	}

	async #restart(): Promise<boolean> {
		for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
			await sleep(pause, undefined, { signal: this.#closing.signal }).catch(() => {});
			if (this.#closing.signal.aborted) return false;
			try {
				this.#thread = await this.#deps.start();
			} catch (error) {
				this.#deps.warn("the database's writer could not be started", error);
				continue;
			}
			if (this.#closing.signal.aborted) {
				await this.#thread[Symbol.asyncDispose]();
				return false;
			}
			this.#client = new RequestClient(this.#thread.channel);
			return true;
		}
	}
}
