import type { ObjectKey } from "#/kube/kube-object.ts";

/** How long one registry may keep the others waiting, milliseconds. */
const TURN_MS = 900_000;

/** A registry that an image is for. */
interface Taker {
	readonly uid: string;
	readonly key: ObjectKey;
}

/**
 * Whose turn it is to get the image of a new operator: registries get it one after the other, so that they are not all
 * away at once, and an image that does not start stops the first one alone for a while. A new process finds the registry
 * whose turn it was among what there is; only how long it has had it begins anew.
 */
export class ImageTurns {
	readonly #now: () => number;
	readonly #underWay: () => string | undefined;
	readonly #waiting = new Map<string, ObjectKey>();
	readonly #listeners = new Set<(key: ObjectKey) => void>();
	#hasLooked = false;
	#turn: { readonly uid: string; readonly until: number } | undefined;

	/**
	 * @param now milliseconds since the epoch
	 * @param underWay the uid of a registry that has the image and is not well yet, if there is one: asked once
	 */
	constructor(now: () => number, underWay: () => string | undefined) {
		this.#now = now;
		this.#underWay = underWay;
	}

	/** Whether a registry may have it now; if not, listeners are told when to ask again. */
	take({ uid, key }: Taker): boolean {
		this.#lookOnce();
		const isFree = this.#turn === undefined || this.#turn.uid === uid || this.#turn.until <= this.#now();
		if (!isFree) {
			this.#waiting.set(uid, key);
			return false;
		}
		this.#waiting.delete(uid);
		if (this.#turn?.uid !== uid) this.#turn = { uid, until: this.#now() + TURN_MS };
		return true;
	}

	/** Whose turn it was in the life of the process before. */
	#lookOnce(): void {
		if (this.#hasLooked) return;
		this.#hasLooked = true;
		const uid = this.#turn === undefined ? this.#underWay() : undefined;
		if (uid !== undefined) this.#turn = { uid, until: this.#now() + TURN_MS };
	}

	/** A registry has it and is well, or has gone. */
	end(uid: string): void {
		this.#waiting.delete(uid);
		if (this.#turn?.uid !== uid) return;
		this.#turn = undefined;
		const [next] = this.#waiting.values();
		if (next !== undefined) for (const tell of this.#listeners) tell(next);
	}

	/** Tells of registries whose turn it may be. */
	subscribe(listener: (key: ObjectKey) => void): Disposable {
		this.#listeners.add(listener);
		return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
	}
}
