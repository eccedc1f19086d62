import type { ClientTiming } from "./timing.ts";
import { TransientError } from "./transient-error.ts";

/** How often, and how soon, what failed is tried again. */
export interface RetryOpts {
	/** Attempts in all that make no progress. @defaultValue 5 */
	readonly tries?: number | undefined;
	/** Before the second attempt, milliseconds, at most; it doubles from there. @defaultValue 500 */
	readonly firstMs?: number | undefined;
	/** Before any attempt, milliseconds, at most. @defaultValue 30000 */
	readonly longestMs?: number | undefined;
	/** Whoever asks for more patience than this is not waited for, milliseconds. @defaultValue 120000 */
	readonly patienceMs?: number | undefined;
}

/** Waits before the next attempt, or throws the failure on where there is to be none. */
export class Retry {
	readonly #timing: ClientTiming;
	readonly #opts: RetryOpts;
	#failures = 0;

	constructor(timing: ClientTiming, opts: RetryOpts) {
		this.#timing = timing;
		this.#opts = opts;
	}

	/** To be called when something was got done, so that a long transfer survives many breaks. */
	progress(): void {
		this.#failures = 0;
	}

	/** @throws the failure, where it is final or there were too many; the signal's reason */
	async afterFailure(failure: unknown, signal: AbortSignal): Promise<void> {
		signal.throwIfAborted();
		const { tries = 5, firstMs = 500, longestMs = 30_000, patienceMs = 120_000 } = this.#opts;
		this.#failures++;
		if (!(failure instanceof TransientError) || this.#failures >= tries) throw failure;
		const asked = failure.retryAfterMs ?? 0;
		if (asked > patienceMs) throw failure;
		const most = Math.min(longestMs, firstMs * 2 ** (this.#failures - 1));
		// Never earlier than asked, and not everybody at the same time.
		await this.#timing.sleep(asked + most * (0.5 + this.#timing.random() / 2), signal);
	}
}

/** What `attempt` gives, tried again after failures that may pass. @throws what the last attempt threw */
export const retrying = async <T>(retry: Retry, attempt: () => Promise<T>, signal: AbortSignal): Promise<T> => {
	for (;;) {
		try {
			signal.throwIfAborted();
			return await attempt();
		} catch (failure) {
			await retry.afterFailure(failure, signal);
		}
	}
};

/** What a Retry-After header asks for, in milliseconds (RFC 9110, section 10.2.3); undefined: nothing that can be read. */
export const parseRetryAfter = (text: string | undefined, now: number): number | undefined => {
	if (text === undefined) return undefined;
	if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000;
	const at = Date.parse(text);
	return Number.isNaN(at) ? undefined : Math.max(0, at - now);
};
