import type { Timing } from "#/lib/timing.ts";
import type { KubeClient } from "./kube-client.ts";
import { KubeError } from "./kube-error.ts";
import type { KubeObject } from "./kube-object.ts";
import { type LeaseRecord, microTime, readLease, writeLease } from "./lease-record.ts";
import { LEASES } from "./resource-type.ts";
import { within } from "./within.ts";

/** What leases are taken and kept with. */
export interface LeaseDeps {
	readonly client: Pick<KubeClient, "find" | "create" | "replace">;
	readonly timing: Timing;
	/** Wall clock, milliseconds; only written down for people. */
	now(): number;
	/** Told of calls that failed and are tried again. */
	report(error: unknown): void;
}

/** Which lease, for whom, and its times in milliseconds. */
export interface LeaseTerms {
	readonly namespace: string;
	readonly name: string;
	/** Unique to the process, not only to the pod. */
	readonly identity: string;
	readonly leaseMs: number;
	readonly renewDeadlineMs: number;
	readonly retryMs: number;
	readonly callMs: number;
}

/** A lease that was taken, from then until it is released or lost. */
export class LeaseHold {
	readonly #deps: LeaseDeps;
	readonly #terms: LeaseTerms;
	#lease: KubeObject;
	#renewedAt: number;

	/**
	 * @param lease as it was taken
	 * @param renewedAt monotonic clock before it was asked for: earlier than any other can have seen it
	 */
	constructor(deps: LeaseDeps, terms: LeaseTerms, lease: KubeObject, renewedAt: number) {
		this.#deps = deps;
		this.#terms = terms;
		this.#lease = lease;
		this.#renewedAt = renewedAt;
	}

	/** As it was last written. */
	get lease(): KubeObject {
		return this.#lease;
	}

	/** Milliseconds until it counts as lost, unless it is renewed. */
	get leftMs(): number {
		return this.#renewedAt + this.#terms.renewDeadlineMs - this.#deps.timing.monotonic();
	}

	/** Milliseconds until another may have taken it. */
	get untilOthersMs(): number {
		return this.#renewedAt + this.#terms.leaseMs - this.#deps.timing.monotonic();
	}

	/** Renews it until it is lost, which it resolves at, or the signal is aborted. Never rejects. */
	async keep(signal: AbortSignal): Promise<void> {
		const { timing, report } = this.#deps;
		const { retryMs, callMs } = this.#terms;
		while (!signal.aborted) {
			const pauseMs = retryMs * (1 + 0.2 * timing.random());
			await timing.sleep(Math.max(0, Math.min(pauseMs, this.leftMs)), signal).catch(() => {});
			const { leftMs } = this;
			if (signal.aborted || leftMs <= 0) return;
			try {
				if (!(await this.#write({}, Math.min(callMs, leftMs), signal))) return;
			} catch (error) {
				if (!signal.aborted) report(error);
			}
		}
	}

	/** Leaves it to others at once. What fails is reported: they then wait until it runs out. */
	async release(): Promise<void> {
		const { callMs } = this.#terms;
		try {
			await this.#write({ holder: "", durationMs: 1000 }, callMs, new AbortController().signal);
		} catch (error) {
			this.#deps.report(error);
		}
	}

	/** False: it is no longer ours. */
	#write(change: Partial<LeaseRecord>, ms: number, signal: AbortSignal): Promise<boolean> {
		return within(this.#deps.timing, ms, signal, async (signal) => {
			try {
				await this.#replace(change, signal);
				return true;
			} catch (error) {
				if (!(error instanceof KubeError)) throw error;
				if (error.code === "NOT_FOUND") return false;
				if (error.code !== "CONFLICT") throw error;
				// Perhaps only a label was changed, or an answer of ours got lost.
				if (!(await this.#reread(signal))) return false;
				await this.#replace(change, signal);
				return true;
			}
		});
	}

	async #replace(change: Partial<LeaseRecord>, signal: AbortSignal): Promise<void> {
		const askedAt = this.#deps.timing.monotonic();
		const renewTime = microTime(this.#deps.now());
		const lease = writeLease(this.#terms, { ...readLease(this.#lease), renewTime, ...change }, this.#lease);
		const written = await this.#deps.client.replace(LEASES, lease, {}, signal);
		this.#lease = written;
		this.#renewedAt = askedAt;
	}

	async #reread(signal: AbortSignal): Promise<boolean> {
		const found = await this.#deps.client.find(LEASES, this.#terms, signal);
		if (found === undefined || found.metadata.uid !== this.#lease.metadata.uid) return false;
		const [theirs, ours] = [readLease(found), readLease(this.#lease)];
		if (theirs.holder !== ours.holder || theirs.transitions !== ours.transitions) return false;
		this.#lease = found;
		return true;
	}
}
