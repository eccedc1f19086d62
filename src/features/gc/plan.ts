/** What the collector decides on before each batch; times in milliseconds. */
export interface GcFacts {
	/** Since the last jump of the database's clock that was noticed. */
	readonly quietMs: number;
	/** How long what nobody uses is left alone. */
	readonly delayMs: number;
	/** Whether this process has the lease. */
	readonly hasLease: boolean;
}

/** Whether to collect, and if not, why not: another process does, or ages cannot be trusted. */
export type GcPlan = "collect" | "elsewhere" | "suspended";

/** After a jump of the clock nothing is collected until a whole delay has been seen to pass. */
export function planCollection({ quietMs, delayMs, hasLease }: GcFacts): GcPlan {
	if (!hasLease) return "elsewhere";
	return quietMs < delayMs ? "suspended" : "collect";
}

/**
 * How long to wait after a batch so that no more than `rate` reviews are done in a second.
 *
 * @param reviewed reviews of the batch
 * @param tookMs how long it took, in milliseconds
 */
export const pauseAfter = (reviewed: number, tookMs: number, rate: number): number =>
	Math.max(0, (reviewed / rate) * 1000 - tookMs);
