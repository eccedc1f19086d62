/** How backups are made; times in milliseconds. */
export interface BackupOpts {
	/** From now back to where any instant can be had: what only older ones need goes. @defaultValue 30 days */
	readonly windowMs: number;
	/** The share of the blobs that are read back and compared, from 0 to 1. @defaultValue 0.05 */
	readonly verifyShare: number;
	/** Between two looks for what is new in the journal. @defaultValue 30 000 */
	readonly intervalMs: number;
	/** How soon another process goes on where one has died. @defaultValue 60 000 */
	readonly leaseMs: number;
	/** How long to wait for the journal to have what a backup needs. @defaultValue 300 000 */
	readonly journalMs: number;
}

/** The defaults of {@link BackupOpts}. */
export const DEFAULT_BACKUP_OPTS: BackupOpts = {
	windowMs: 30 * 86_400_000,
	verifyShare: 0.05,
	intervalMs: 30_000,
	leaseMs: 60_000,
	journalMs: 300_000,
};
