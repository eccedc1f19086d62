import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import type { Archive } from "#/features/backup/archive.ts";
import { BackupError } from "#/features/backup/backup-error.ts";
import type { RecoveryTarget } from "#/features/backup/plan-recovery.ts";
import { type RestoreSummary, restoreRegistry } from "#/features/backup/restore.ts";
import type { HeldLease } from "#/jobs/hold-lease.ts";
import type { OfflineParts } from "./offline-parts.ts";

/** The lease that a restore is done under: there is one at a time. */
export const RESTORE_LEASE = "restore";

/** What {@link runRestore} works with. */
export interface RunRestoreDeps extends Omit<OfflineParts, keyof AsyncDisposable | "metadata"> {
	readonly metadata: Omit<OfflineParts["metadata"], keyof AsyncDisposable | "ping">;
	readonly archive: Archive;
	/** Of the lease that this is done under; absent: nobody else is at it. */
	readonly fence?: number | undefined;
	/** Told of each record that another master key sealed, in words for people: it is left out. */
	readonly lost: (message: string) => void;
}

/** Restores a registry from an archive. @throws BackupError, StoreError, MetadataError */
export const runRestore = (
	deps: RunRestoreDeps,
	target: RecoveryTarget,
	signal: AbortSignal,
): Promise<RestoreSummary> => {
	const { metadata, masterKey, lost } = deps;
	const { objects, outbox, origins, signingKeys } = metadata;
	const snapshots = sealedSnapshots(metadata.snapshots, masterKey, ({ kind }, why) => {
		lost(`a record of kind ${kind}: ${why.message}`);
	});
	return restoreRegistry(
		{
			...deps,
			metadata: { objects, outbox, origins, snapshots },
			replaceKeys: async (fence) => await signingKeys.replaceAll(await createSigningKey(masterKey), fence),
		},
		target,
		signal,
	);
};

/** Whether a restore failed for want of its lease: it can be gone on with, by whoever has that next. */
export const isLeaseLost = ({ lost }: Pick<HeldLease, "lost">, error: unknown): boolean =>
	lost.aborted || (error instanceof BackupError && error.code === "LOST");
