import { hash } from "node:crypto";
import { clientNetworkOf } from "#/lib/client-network.ts";
import { LeakyBuckets } from "./leaky-buckets.ts";

/** Settings of a {@link FailureThrottle}. */
export interface FailureThrottleOpts {
	/** How many failures in a row are let through for a user from one network. @defaultValue 20 */
	readonly burst?: number;
	/** How many are let through from one network, whoever is named. @defaultValue 200 */
	readonly networkBurst?: number;
	/** How long it takes for all of them to be forgotten, evenly one after the other, in ms. @defaultValue 60000 */
	readonly forgetMs?: number;
	/**
	 * How many networks are remembered, and how many pairs of network and user; the one used longest ago is forgotten
	 * first. @defaultValue 16384
	 */
	readonly maxEntries?: number;
}

/** Who tries, as whom. */
export interface ThrottleKey {
	/** The client's network, by which other bounds may be shared out, too. */
	readonly network: string;
	/** The network with the user, of bounded length. Opaque. */
	readonly pair: string;
}

/**
 * Slows down whoever guesses passwords, by leaky buckets: one for each pair of client network and user, so that a
 * guesser does not lock out the user elsewhere, and a larger one for each network, so that another user name each time
 * is no way around. Every try counts when it starts and is given back when it succeeds, so many at once get no further
 * than one after the other.
 */
export class FailureThrottle {
	readonly #pairs: LeakyBuckets;
	readonly #networks: LeakyBuckets;

	/** @param deps `now` in milliseconds */
	constructor(deps: { readonly now: () => number }, opts: FailureThrottleOpts = {}) {
		const { burst = 20, networkBurst = 200, forgetMs: emptyMs = 60_000, maxEntries = 16_384 } = opts;
		this.#pairs = new LeakyBuckets(deps, { burst, emptyMs, maxEntries });
		this.#networks = new LeakyBuckets(deps, { burst: networkBurst, emptyMs, maxEntries });
	}

	/** The key of a client's address (absent: unknown) and a user name. */
	keyOf(address: string | undefined, user: string): ThrottleKey {
		const network = clientNetworkOf(address ?? "");
		return { network, pair: hash("sha256", `${network}\0${user}`, "base64url") };
	}

	/** Whether the next try would be turned away. */
	isBlocked({ network, pair }: ThrottleKey): boolean {
		return this.#networks.isFull(network) || this.#pairs.isFull(pair);
	}

	/** Counts a try that starts. */
	count({ network, pair }: ThrottleKey): void {
		this.#networks.add(network);
		this.#pairs.add(pair);
	}

	/** Takes back a counted try that was no failure. */
	giveBack({ network, pair }: ThrottleKey): void {
		this.#networks.takeBack(network);
		this.#pairs.takeBack(pair);
	}
}
