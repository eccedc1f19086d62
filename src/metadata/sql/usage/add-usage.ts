import { all, type Step } from "#/metadata/sql/engine/statement.ts";

/** How a command changed what a project uses. */
export interface UsageChange {
	/** Bytes of blobs that are linked by the project's first, or no longer by any, repository. */
	readonly blobBytes?: number;
	/** Bytes of manifests. */
	readonly manifestBytes?: number;
	readonly manifests?: number;
	readonly repositories?: number;
}

/** Two changes as one. */
export const sumOf = (one: UsageChange, other: UsageChange = {}): UsageChange => ({
	blobBytes: (one.blobBytes ?? 0) + (other.blobBytes ?? 0),
	manifestBytes: (one.manifestBytes ?? 0) + (other.manifestBytes ?? 0),
	manifests: (one.manifests ?? 0) + (other.manifests ?? 0),
	repositories: (one.repositories ?? 0) + (other.repositories ?? 0),
});

/** More shards, less waiting between pushes to one project; the usage is read by adding all. */
const SHARDS = 16;

/**
 * Accounts a change. The last thing that a command does to rows which others lock too, and once per command, so that
 * commands lock these rows in one order.
 */
export function* addUsage(
	repository: { readonly id: number; readonly projectId: number },
	change: UsageChange,
): Step<void> {
	const { blobBytes = 0, manifestBytes = 0, manifests = 0, repositories = 0 } = change;
	if (blobBytes === 0 && manifestBytes === 0 && manifests === 0 && repositories === 0) return;
	yield* all(
		`INSERT INTO project_usage (project_id, shard, blob_bytes, manifest_bytes, manifests, repositories)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (project_id, shard) DO UPDATE SET
			blob_bytes = project_usage.blob_bytes + excluded.blob_bytes,
			manifest_bytes = project_usage.manifest_bytes + excluded.manifest_bytes,
			manifests = project_usage.manifests + excluded.manifests,
			repositories = project_usage.repositories + excluded.repositories`,
		repository.projectId,
		repository.id % SHARDS,
		blobBytes,
		manifestBytes,
		manifests,
		repositories,
	);
}
