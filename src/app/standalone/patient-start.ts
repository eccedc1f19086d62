import type { RunningHere } from "#/app/run-alone.ts";
import type { Timing } from "#/lib/timing.ts";

/** What {@link PatientStart} works with. */
export interface PatientStartDeps {
	/** Settings and the contents of Secrets that it starts with. */
	readonly fingerprint: string;
	/** Where clients will reach it. */
	readonly url: string;
	/** Rejects when it fails. It is tried again until it does not. */
	readonly start: (signal: AbortSignal) => Promise<RunningHere>;
	/** Called when it has started, and each time that it failed. */
	readonly changed: () => void;
	readonly timing: Pick<Timing, "sleep">;
}

/** Between two tries: each reads what is in the archive, milliseconds. */
const PAUSE_MS = 30_000;

/**
 * A registry on its way: one that begins with what an archive has may take hours, during which nobody waits for it.
 * Disposing of it ends that, and stops the registry if it runs.
 */
export class PatientStart implements AsyncDisposable {
	readonly fingerprint: string;
	readonly url: string;
	readonly #deps: PatientStartDeps;
	readonly #ending = new AbortController();
	readonly #ended: Promise<void>;
	#running: RunningHere | undefined;
	#failure: unknown;

	constructor(deps: PatientStartDeps) {
		this.#deps = deps;
		this.fingerprint = deps.fingerprint;
		this.url = deps.url;
		this.#ended = this.#run(this.#ending.signal);
	}

	/** Absent until it has started. */
	get running(): RunningHere | undefined {
		return this.#running;
	}

	/** Why it did not start when it was tried last; absent before that. */
	get failure(): unknown {
		return this.#failure;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		this.#ending.abort();
		await this.#ended;
		await this.#running?.[Symbol.asyncDispose]();
	}

	async #run(signal: AbortSignal): Promise<void> {
		while (this.#running === undefined && !signal.aborted) {
			try {
				this.#running = await this.#deps.start(signal);
			} catch (error) {
				if (signal.aborted) return;
				this.#failure = error;
			}
			if (!signal.aborted) this.#deps.changed();
			if (this.#running === undefined) await this.#deps.timing.sleep(PAUSE_MS, signal).catch(() => undefined);
		}
	}
}
