/** Where lines go in the end: a file descriptor's writer, or a test's array. */
export type WriteText = (text: string) => void;

/** How lines are gathered. */
export interface JsonLinesOpts {
	/** Longest wait before lines are written, milliseconds. @defaultValue 100 */
	readonly flushMs?: number;
	/** Characters after which lines are written at once. @defaultValue 65536 */
	readonly flushLength?: number;
}

/**
 * A writer of JSON lines that gathers many in one write: one line a request is then cheaper than what it tells of.
 * Dispose it to write the rest.
 */
export class JsonLines implements Disposable {
	readonly #write: WriteText;
	readonly #flushMs: number;
	readonly #flushLength: number;
	#pending = "";
	#timer: NodeJS.Timeout | undefined;

	constructor(write: WriteText, opts: JsonLinesOpts = {}) {
		this.#write = write;
		this.#flushMs = opts.flushMs ?? 100;
		this.#flushLength = opts.flushLength ?? 65_536;
	}

	/** Takes one line, already serialised and without its end. */
	line(text: string): void {
		this.#pending += `${text}\n`;
		if (this.#pending.length >= this.#flushLength) this.flush();
		else this.#timer ??= setTimeout(() => this.flush(), this.#flushMs).unref();
	}

	/** Writes what is pending. */
	flush(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#pending === "") return;
		const text = this.#pending;
		this.#pending = "";
		this.#write(text);
	}

	[Symbol.dispose](): void {
		this.flush();
	}
}
