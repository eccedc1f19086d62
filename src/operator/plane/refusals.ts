import type { Standing } from "./observations.ts";

interface Refusal {
	readonly standing: Standing;
	/** When the data plane may be asked again, of a clock that only goes forward; absent: never. */
	againAt: number | undefined;
}

/**
 * Wishes that a data plane will not even look at, by the uids of their resources. Another process of it may: while a
 * registry is upgraded there are some of two releases. So each is asked again now and then, and stands meanwhile.
 */
export class Refusals {
	readonly #now: () => number;
	readonly #againMs: number;
	readonly #all = new Map<string, Refusal>();

	/** @param now milliseconds of a clock that only goes forward @param againMs between two times of asking */
	constructor(now: () => number, againMs: number) {
		this.#now = now;
		this.#againMs = againMs;
	}

	/** What became of a wish; absent when it was not refused. */
	find(uid: string, fingerprint: number): Standing | undefined {
		const standing = this.#all.get(uid)?.standing;
		return standing?.fingerprint === fingerprint ? standing : undefined;
	}

	/** @param isForGood whether it was not the data plane that refused it */
	add(uid: string, standing: Standing, { isForGood }: { readonly isForGood: boolean }): void {
		this.#all.set(uid, { standing, againAt: isForGood ? undefined : this.#now() + this.#againMs });
	}

	forget(uid: string): void {
		this.#all.delete(uid);
	}

	/** Those that may be asked again. */
	due(): ReadonlySet<string> {
		const now = this.#now();
		return new Set(
			[...this.#all].flatMap(([uid, { againAt }]) => (againAt !== undefined && againAt <= now ? [uid] : [])),
		);
	}

	/** Whether it may be asked again, which it is then: the next time is later. */
	takeTurn(uid: string): boolean {
		const refusal = this.#all.get(uid);
		const now = this.#now();
		if (refusal?.againAt === undefined || refusal.againAt > now) return false;
		refusal.againAt = now + this.#againMs;
		return true;
	}
}
