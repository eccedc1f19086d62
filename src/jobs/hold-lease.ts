import { setTimeout as sleep } from "node:timers/promises";
import type { Outbox } from "#/metadata/outbox.ts";
import { JobError } from "./job-error.ts";

/** What a lease is taken with. */
export interface LeaseDeps {
	readonly outbox: Pick<Outbox, "lease">;
	/** This process instance. */
	readonly holder: string;
	readonly clock: { monotonic(): number };
}

/** A lease that is kept for as long as it is not disposed of, which lets it go. */
export interface HeldLease extends AsyncDisposable {
	readonly fence: number;
	/** Aborted with a `JobError` LOST once somebody else may have the lease. */
	readonly lost: AbortSignal;
	/** From now on it is not let go, but left to run out: what it was about is gone. */
	leave(): void;
}

/** Takes a lease and renews it; absent while another process has it. @throws MetadataError */
export const holdLease = async (
	{ outbox, holder, clock }: LeaseDeps,
	name: string,
	leaseMs: number,
): Promise<HeldLease | undefined> => {
	let renewedAt = clock.monotonic();
	const fence = await outbox.lease(name, holder, leaseMs);
	if (fence === undefined) return undefined;
	const lost = new AbortController();
	const done = new AbortController();
	const lose = () => lost.abort(new JobError("LOST", "another process took over"));
	const renew = async (): Promise<void> => {
		const from = clock.monotonic();
		const kept = await outbox.lease(name, holder, leaseMs).catch(() => "unknown" as const);
		const lapsedAfter = kept === fence ? from : clock.monotonic();
		// One that had run out and that nobody took is ours again, but for a while it was not.
		if (kept !== fence && kept !== "unknown") lose();
		else if (lapsedAfter - renewedAt >= leaseMs) lose();
		else if (kept === fence) renewedAt = from;
	};
	const keeping = (async () => {
		while (!done.signal.aborted && !lost.signal.aborted) {
			await sleep(leaseMs / 3, undefined, { signal: done.signal, ref: false }).catch(() => undefined);
			if (!done.signal.aborted) await renew();
		}
	})();
	let isLeft = false;
	return {
		fence,
		lost: lost.signal,
		leave: () => {
			isLeft = true;
		},
		[Symbol.asyncDispose]: async () => {
			done.abort();
			await keeping;
			if (!isLeft && !lost.signal.aborted) await outbox.lease(name, holder, 0).catch(() => undefined);
		},
	};
};
