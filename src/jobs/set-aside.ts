import { pauseAfterFailures } from "./due.ts";

/** The longest pause, milliseconds: whatever was wrong, soon after it is mended the policy is looked at again. */
const LONGEST_PAUSE_MS = 300_000;

/** Policies that something about went wrong: each is left alone for a while that doubles until it goes well, and no other. */
export class SetAside {
	readonly #clock: { monotonic(): number };
	readonly #policies = new Map<string, { readonly failures: number; readonly until: number }>();

	constructor(clock: { monotonic(): number }) {
		this.#clock = clock;
	}

	/** Whether it is to be left alone now. */
	has(uid: string): boolean {
		const known = this.#policies.get(uid);
		return known !== undefined && this.#clock.monotonic() < known.until;
	}

	/** It went wrong, once more. */
	add(uid: string): void {
		const failures = (this.#policies.get(uid)?.failures ?? 0) + 1;
		const pause = Math.min(pauseAfterFailures(failures), LONGEST_PAUSE_MS);
		this.#policies.set(uid, { failures, until: this.#clock.monotonic() + pause });
	}

	/** It went well, or the policy is gone. */
	delete(uid: string): void {
		this.#policies.delete(uid);
	}

	/** All but these policies are gone. */
	retain(uids: { has(uid: string): boolean }): void {
		for (const uid of this.#policies.keys()) if (!uids.has(uid)) this.#policies.delete(uid);
	}
}
