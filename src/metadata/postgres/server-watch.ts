import type { Timing } from "#/lib/timing.ts";

/** What a {@link ServerWatch} works with. */
export interface ServerWatchDeps {
	readonly timing: Pick<Timing, "monotonic" | "sleep">;
	/** Asks the server over a connection of its own; false when there is no answer within that many milliseconds. */
	readonly probe: (ms: number) => Promise<boolean>;
	/** Called when the server counts as gone: who waits for it should be told so. */
	readonly onAway: () => void;
	/** Called when it answered again, after so many milliseconds. */
	readonly onBack: (ms: number) => void;
}

/** For so long may every question be open before the server is asked whether it is there, milliseconds. */
const SILENCE_MS = 2_000;
/** How long it may take to answer that, milliseconds. */
const PROBE_MS = 3_000;
/** Between two looks for a server that is gone, milliseconds. */
const RETRY_MS = 500;

/**
 * Notices a server that is gone without a word: its machine died, or the network between drops what is sent. Nothing
 * would fail before the time-outs of statements, which are long, because statements may be; so when nothing at all was
 * answered for two seconds, the server is asked something short over a new connection.
 */
export class ServerWatch implements Disposable {
	readonly #deps: ServerWatchDeps;
	readonly #ending = new AbortController();
	/** Since when each question is open, in the order in which they were asked. */
	readonly #open = new Set<{ readonly since: number }>();
	#answeredAt = Number.NEGATIVE_INFINITY;
	#isWatching = false;
	#isAway = false;

	constructor(deps: ServerWatchDeps) {
		this.#deps = deps;
	}

	/** Whether the server counts as gone. It is looked for all the time then. */
	get isAway(): boolean {
		return this.#isAway;
	}

	/** To be called with every question. Call the result when it is over, with whether the server gave an answer. */
	asked(): (answered: boolean) => void {
		const question = { since: this.#deps.timing.monotonic() };
		this.#open.add(question);
		if (!this.#isWatching) void this.#watch();
		return (answered) => {
			this.#open.delete(question);
			if (answered) this.#answeredAt = this.#deps.timing.monotonic();
		};
	}

	/** Looks no more. */
	[Symbol.dispose](): void {
		this.#ending.abort();
	}

	/** Goes on for as long as a question is open. */
	async #watch(): Promise<void> {
		const { timing } = this.#deps;
		this.#isWatching = true;
		while (!this.#ending.signal.aborted) {
			const [oldest] = this.#open;
			if (oldest === undefined) break;
			const left = Math.max(oldest.since, this.#answeredAt) + SILENCE_MS - timing.monotonic();
			if (left > 0) await this.#sleep(left);
			else if (!(await this.#isThere())) await this.#outlast();
		}
		this.#isWatching = false;
	}

	async #isThere(): Promise<boolean> {
		const from = this.#deps.timing.monotonic();
		const isThere = await this.#deps.probe(PROBE_MS);
		if (isThere) this.#answeredAt = this.#deps.timing.monotonic();
		// Another question may have been answered meanwhile.
		return isThere || this.#answeredAt > from;
	}

	async #outlast(): Promise<void> {
		const { timing, onAway, onBack } = this.#deps;
		const from = timing.monotonic();
		this.#isAway = true;
		onAway();
		do await this.#sleep(RETRY_MS);
		while (!this.#ending.signal.aborted && !(await this.#isThere()));
		this.#isAway = false;
		if (!this.#ending.signal.aborted) onBack(timing.monotonic() - from);
	}

	async #sleep(ms: number): Promise<void> {
		try {
			await this.#deps.timing.sleep(ms, this.#ending.signal);
		} catch {
			// It was disposed of, which every caller looks at.
		}
	}
}
