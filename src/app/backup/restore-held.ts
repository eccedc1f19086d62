import { setTimeout as sleep } from "node:timers/promises";
import { BackupError } from "#/features/backup/backup-error.ts";
import type { RecoveryTarget } from "#/features/backup/plan-recovery.ts";
import type { RestoreSummary } from "#/features/backup/restore.ts";
import { type HeldLease, holdLease } from "#/jobs/hold-lease.ts";
import { systemClock } from "#/lib/clock.ts";
import { isLeaseLost, RESTORE_LEASE, type RunRestoreDeps, runRestore } from "./run-restore.ts";

/** What {@link restoreHeld} works with. */
export interface RestoreHeldDeps extends Omit<RunRestoreDeps, "fence"> {
	/** For how long the lease is taken, milliseconds. */
	readonly leaseMs: number;
	/** Told, in words for people, that the lease was lost, and that it is tried once more. */
	readonly again: (message: string) => void;
}

const LOST =
	"the lease of the restore was lost: this process stood still for too long, or another one has taken it over. Going on where nobody has";

const LOOK_MS = 1_000;

/**
 * Restores a registry from an archive where no other process does. One that stood still, and lost its lease so,
 * goes on as soon as it has that again.
 *
 * @throws BackupError BUSY while another process is at it, and more; StoreError, MetadataError
 */
export const restoreHeld = async (deps: RestoreHeldDeps, target: RecoveryTarget): Promise<RestoreSummary> => {
	for (;;) {
		await using lease = await takeLease(deps);
		try {
			return await runRestore({ ...deps, fence: lease.fence }, target, lease.lost);
		} catch (error) {
			if (!isLeaseLost(lease, error)) throw error;
			deps.again(LOST);
		}
	}
};

/** One that died leaves its lease to run out, which is waited for. @throws BackupError BUSY */
const takeLease = async ({ metadata, holder, leaseMs }: RestoreHeldDeps): Promise<HeldLease> => {
	const deps = { outbox: metadata.outbox, holder, clock: systemClock };
	const deadline = systemClock.monotonic() + leaseMs + LOOK_MS;
	for (;;) {
		const lease = await holdLease(deps, RESTORE_LEASE, leaseMs);
		if (lease !== undefined) return lease;
		if (systemClock.monotonic() > deadline) {
			throw new BackupError("BUSY", "another process restores this registry: wait for it, or end it and try again");
		}
		await sleep(LOOK_MS);
	}
};
