import type { Clock } from "#/lib/clock.ts";
import type { Refusal, Refused } from "#/metadata/refusal.ts";
import { refusalError } from "#/registry/errors.ts";

/** Thrown when another holder may have the upload: not a byte more may be written to it. */
export class LeaseLostError extends Error {
	override readonly name = "LeaseLostError";
}

/** What a {@link LeaseKeeper} works with. */
export interface LeaseKeeperDeps {
	/** Renews the lease of an upload that reached so many bytes; false when it is lost, refused when it may not go on. */
	readonly extend: (reached: number) => Promise<boolean | Refused>;
	readonly clock: Clock;
	/** How long a renewal lasts, in milliseconds. */
	readonly leaseMs: number;
	/** How often to renew while there is progress, in milliseconds. */
	readonly extendMs: number;
}

/**
 * Keeps the lease on an upload while a request makes progress: bytes come, or the store is at work. A stalled request
 * loses it in time. Judged by the monotonic clock from before each renewal was sent, so never too long.
 */
export class LeaseKeeper implements Disposable {
	readonly #deps: LeaseKeeperDeps;
	readonly #timer: NodeJS.Timeout;
	#heldUntil: number;
	#progress = false;
	#working = 0;
	#lost = false;
	#reached = 0;
	#refusal: Refusal | undefined;

	/** @param since when the lease was asked for, by the monotonic clock */
	constructor(deps: LeaseKeeperDeps, since: number) {
		this.#deps = deps;
		this.#heldUntil = since + deps.leaseMs;
		this.#timer = setInterval(() => void this.#tick(), deps.extendMs);
		this.#timer.unref();
	}

	/**
	 * To be awaited before every write: undefined when the lease is known to last, else the renewal.
	 *
	 * @param reached how many bytes the upload has with that write; absent: as many as before
	 * @throws LeaseLostError when it is lost, OciError DENIED when the upload may not go on, MetadataError when it ran out
	 * and metadata cannot tell
	 */
	ensure(reached = this.#reached): Promise<void> | undefined {
		this.#progress = true;
		this.#reached = reached;
		if (this.#refusal !== undefined) throw refusalError(this.#refusal);
		if (!this.#lost && this.#deps.clock.monotonic() < this.#heldUntil - this.#deps.leaseMs / 3) return undefined;
		return this.#renew();
	}

	/** Runs a step of the store that may take long; the lease is renewed meanwhile. */
	async during<T>(step: () => Promise<T>): Promise<T> {
		await this.ensure();
		this.#working += 1;
		try {
			return await step();
		} finally {
			this.#working -= 1;
		}
	}

	/** Ends the renewing; the lease itself is given back by whoever took it. */
	[Symbol.dispose](): void {
		clearInterval(this.#timer);
	}

	async #tick(): Promise<void> {
		if (!this.#progress && this.#working === 0) return;
		this.#progress = false;
		// A failure is not final: the next write asks again.
		await this.#extend().catch(() => undefined);
	}

	async #renew(): Promise<void> {
		try {
			await this.#extend();
		} catch (error) {
			if (this.#deps.clock.monotonic() >= this.#heldUntil) throw error;
		}
		if (this.#refusal !== undefined) throw refusalError(this.#refusal);
		if (this.#lost) throw new LeaseLostError("the upload's lease was lost");
	}

	async #extend(): Promise<void> {
		if (this.#lost) return;
		const asked = this.#deps.clock.monotonic();
		const outcome = await this.#deps.extend(this.#reached);
		if (outcome === true) this.#heldUntil = asked + this.#deps.leaseMs;
		else if (outcome === false) this.#lost = true;
		else this.#refusal = outcome.refused;
	}
}
