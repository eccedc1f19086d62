import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

const TOGETHER = 200;

/** Runs tasks, each key once however often it is asked for meanwhile; those that wait together are run together. */
export class TaskQueue implements AsyncDisposable {
	readonly #run: (key: string) => Promise<void>;
	readonly #report: (key: string, error: unknown) => void;
	readonly #waiting = new Set<string>();
	readonly #stopping = new AbortController();
	#running: Promise<void> | undefined;

	/** @param report is told of a task that failed; it is tried again a second later */
	constructor(run: (key: string) => Promise<void>, report: (key: string, error: unknown) => void) {
		this.#run = run;
		this.#report = report;
	}

	/** Runs the task of a key soon. */
	add(key: string): void {
		this.#waiting.add(key);
		if (this.#running === undefined) this.#running = this.#drain();
	}

	async #drain(): Promise<void> {
		// Those that ask within one turn of the event loop share a commit.
		await nextTurn();
		while (this.#waiting.size > 0 && !this.#stopping.signal.aborted) {
			const keys = [...this.#waiting].slice(0, TOGETHER);
			for (const key of keys) this.#waiting.delete(key);
			await Promise.all(keys.map((key) => this.#run(key).catch((error) => this.#retry(key, error))));
		}
		this.#running = undefined;
	}

	#retry(key: string, error: unknown): void {
		this.#report(key, error);
		sleep(1000, undefined, { signal: this.#stopping.signal, ref: false }).then(
			() => this.add(key),
			() => {},
		);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#stopping.abort();
		await this.#running;
	}
}
