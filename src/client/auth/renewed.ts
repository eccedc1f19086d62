import type { ClientTiming } from "#/client/timing.ts";
import { untilAborted } from "#/lib/until-aborted.ts";

/** Of its life, how much of a thing is used: what is about to end is not sent on its way. */
const USED_SHARE = 0.8;

/** Something that is good for a while, as it was got. */
export interface Perishable<T> {
	readonly value: T;
	/** From the moment it was asked for, milliseconds. */
	readonly lifeMs: number;
}

/** What {@link Renewed} stands on. */
export interface RenewedDeps {
	readonly timing: ClientTiming;
	/** Aborted when nobody will want the thing any more. */
	readonly lifetime: AbortSignal;
}

/** Keeps something as long as it is good, then gets it anew; all who want it meanwhile share one request. */
export class Renewed<T> {
	readonly #deps: RenewedDeps;
	readonly #fetch: (signal: AbortSignal) => Promise<Perishable<T>>;
	#kept: { readonly value: T; readonly until: number } | undefined;
	#flight: Promise<T> | undefined;

	constructor(deps: RenewedDeps, fetch: (signal: AbortSignal) => Promise<Perishable<T>>) {
		this.#deps = deps;
		this.#fetch = fetch;
	}

	/** @throws whatever the request for it throws; the signal's reason */
	get(signal: AbortSignal): Promise<T> {
		return untilAborted(signal, () => {
			const kept = this.#kept;
			if (kept !== undefined && this.#deps.timing.monotonic() < kept.until) return Promise.resolve(kept.value);
			this.#flight ??= this.#renew().finally(() => {
				this.#flight = undefined;
			});
			return this.#flight;
		});
	}

	/** Drops the value, unless another one has taken its place. @returns true, for another one can be had */
	forget(value: T): true {
		if (this.#kept?.value === value) this.#kept = undefined;
		return true;
	}

	async #renew(): Promise<T> {
		const askedAt = this.#deps.timing.monotonic();
		const { value, lifeMs } = await this.#fetch(this.#deps.lifetime);
		this.#kept = { value, until: askedAt + lifeMs * USED_SHARE };
		return value;
	}
}
