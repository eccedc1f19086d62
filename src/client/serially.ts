/** Runs tasks of one key one after another, those of different keys at once. */
export class Serially {
	readonly #last = new Map<string, Promise<unknown>>();

	/** The task's outcome, once those of its key before it have ended, however they ended. */
	async run<T>(key: string, task: () => Promise<T>): Promise<T> {
		const before = this.#last.get(key) ?? Promise.resolve();
		const own = before.then(task, task);
		this.#last.set(key, own);
		try {
			return await own;
		} finally {
			if (this.#last.get(key) === own) this.#last.delete(key);
		}
	}
}
