import { KubeError } from "./kube-error.ts";
import type { KubeObject } from "./kube-object.ts";
import { type LeaseDeps, LeaseHold, type LeaseTerms } from "./lease-hold.ts";
import { type LeaseRecord, microTime, readLease, writeLease } from "./lease-record.ts";
import { LEASES } from "./resource-type.ts";
import { within } from "./within.ts";

/** Settings of a {@link LeaseElector}. */
export interface LeaseElectorOpts {
	readonly namespace: string;
	/** The Lease that all candidates name. */
	readonly name: string;
	/** Who this is. Must be unique to the process: a pod's name stays when its container starts anew. */
	readonly identity: string;
	/** How long others leave the holder in peace, milliseconds. @defaultValue 15000 */
	readonly leaseMs?: number | undefined;
	/** How long a holder goes on without a renewal, milliseconds; less than the lease. @defaultValue 10000 */
	readonly renewDeadlineMs?: number | undefined;
	/** Time between tries, milliseconds, and up to a fifth more. @defaultValue 2000 */
	readonly retryMs?: number | undefined;
	/** Until a call is given up, milliseconds. @defaultValue 5000 */
	readonly callMs?: number | undefined;
}

/** Tells terms of leadership apart: of one Lease, a later term has more transitions. */
interface FencingToken {
	readonly uid: string;
	readonly transitions: number;
}

/** One time of leading. */
export interface LeaderTerm {
	/** Aborted when the lease is lost or the process stops; the work then has to end. */
	readonly signal: AbortSignal;
	readonly token: FencingToken;
	/** Whether the lease is surely still held; true even while the process is asked to stop, false after a long pause. */
	readonly held: boolean;
}

/**
 * How leading ended. `stopped`: asked to, or the work was done; the lease is released. `lost`: the work ended in time.
 * `overrun`: it did not, and another may lead by now: the process must end at once.
 */
export type ElectionOutcome = "stopped" | "lost" | "overrun";

/**
 * Waits for a Lease and works while it holds it. Whether another holder lives is judged by when its record was seen to
 * change, on the monotonic clock of this process: no two clocks are ever compared.
 */
export class LeaseElector {
	readonly #deps: LeaseDeps;
	readonly #terms: LeaseTerms;
	#seen: { readonly text: string; readonly at: number } | undefined;

	/** @throws RangeError unless call and retry are shorter than the renew deadline, and that than the lease */
	constructor(deps: LeaseDeps, opts: LeaseElectorOpts) {
		const { namespace, name, identity, leaseMs = 15_000, renewDeadlineMs = 10_000 } = opts;
		const { retryMs = 2000, callMs = 5000 } = opts;
		if (leaseMs <= renewDeadlineMs || renewDeadlineMs <= retryMs * 1.2 || renewDeadlineMs <= callMs) {
			throw new RangeError("a lease must outlast the renew deadline, and that tries and calls");
		}
		if (identity === "") throw new RangeError("an identity is needed");
		this.#deps = deps;
		this.#terms = { namespace, name, identity, leaseMs, renewDeadlineMs, retryMs, callMs };
	}

	/**
	 * Becomes leader, works, and tells how that ended. To lead again, call it again.
	 *
	 * @param lead the work; goes on until its term's signal is aborted
	 * @throws what `lead` throws; the lease is released then
	 */
	async run(lead: (term: LeaderTerm) => Promise<void>, signal: AbortSignal): Promise<ElectionOutcome> {
		const hold = await this.#acquire(signal);
		if (hold === undefined) return "stopped";
		if (signal.aborted) {
			await hold.release();
			return "stopped";
		}
		return this.#lead(hold, lead, signal);
	}

	async #lead(
		hold: LeaseHold,
		lead: (term: LeaderTerm) => Promise<void>,
		signal: AbortSignal,
	): Promise<ElectionOutcome> {
		const ending = new AbortController();
		const keeping = new AbortController();
		const stop = () => ending.abort(signal.reason);
		signal.addEventListener("abort", stop, { once: true });
		let lost = false;
		const token = tokenOf(hold.lease);
		const term: LeaderTerm = {
			signal: ending.signal,
			token,
			get held() {
				return !lost && hold.leftMs > 0;
			},
		};
		try {
			// It renews on while the work comes to its end, so that nobody else begins before that.
			const kept = hold.keep(keeping.signal).then(() => {
				lost = !keeping.signal.aborted;
				if (lost) ending.abort(new KubeError("CONFLICT", `the lease ${this.#terms.name} is lost`));
			});
			const work = (async () => lead(term))();
			const settled = work.then(
				() => {},
				() => {},
			);
			await Promise.race([settled, kept]);
			if (lost) return await this.#afterLoss(hold, settled);
			keeping.abort();
			await kept;
			await hold.release();
			await work;
			return "stopped";
		} finally {
			keeping.abort();
			signal.removeEventListener("abort", stop);
		}
	}

	async #afterLoss(hold: LeaseHold, settled: Promise<void>): Promise<ElectionOutcome> {
		const timer = new AbortController();
		const late = this.#deps.timing.sleep(Math.max(0, hold.untilOthersMs), timer.signal).then(
			() => "overrun" as const,
			() => "lost" as const,
		);
		const outcome = await Promise.race([settled.then(() => "lost" as const), late]);
		timer.abort();
		return outcome;
	}

	/** Undefined: asked to stop meanwhile. */
	async #acquire(signal: AbortSignal): Promise<LeaseHold | undefined> {
		const { timing } = this.#deps;
		while (!signal.aborted) {
			const hold = await this.#try(signal).catch((error: unknown) => {
				// That another was faster is no failure.
				const beaten = error instanceof KubeError && (error.code === "CONFLICT" || error.code === "EXISTS");
				if (!beaten && !signal.aborted) this.#deps.report(error);
				return undefined;
			});
			if (hold !== undefined) return hold;
			const pauseMs = this.#terms.retryMs * (1 + 0.2 * timing.random());
			await timing.sleep(pauseMs, signal).catch(() => {});
		}
		return undefined;
	}

	async #try(signal: AbortSignal): Promise<LeaseHold | undefined> {
		const { client, timing } = this.#deps;
		const { callMs } = this.#terms;
		const found = await within(timing, callMs, signal, (signal) => client.find(LEASES, this.#terms, signal));
		const record = found === undefined ? undefined : readLease(found);
		if (record !== undefined && !this.#isFree(record)) return undefined;
		const now = microTime(this.#deps.now());
		const wanted = writeLease(
			this.#terms,
			{
				holder: this.#terms.identity,
				durationMs: this.#terms.leaseMs,
				transitions: record === undefined ? 0 : record.transitions + 1,
				acquireTime: now,
				renewTime: now,
			},
			found,
		);
		const askedAt = timing.monotonic();
		// Not given up when asked to stop: a lease taken without knowing it would keep others waiting.
		const taken = await within(timing, callMs, new AbortController().signal, (signal) =>
			found === undefined ? client.create(LEASES, wanted, {}, signal) : client.replace(LEASES, wanted, {}, signal),
		);
		return new LeaseHold(this.#deps, this.#terms, taken, askedAt);
	}

	/** Nobody's, or unchanged for as long as its holder may be silent. */
	#isFree(record: LeaseRecord): boolean {
		if (record.holder === "") return true;
		const now = this.#deps.timing.monotonic();
		const text = JSON.stringify(record);
		if (this.#seen?.text !== text) this.#seen = { text, at: now };
		const durationMs = record.durationMs === 0 ? this.#terms.leaseMs : record.durationMs;
		return now - this.#seen.at >= durationMs;
	}
}

const tokenOf = (lease: KubeObject): FencingToken => ({
	uid: lease.metadata.uid ?? "",
	transitions: readLease(lease).transitions,
});
