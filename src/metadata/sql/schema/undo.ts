/** What was deleted and can still be brought back. An older release beside it deletes for good, as it always did. */
export const undo: readonly string[] = [
	// Milliseconds; 0: what is deleted is gone.
	"ALTER TABLE projects ADD COLUMN undo_window {int} NOT NULL DEFAULT 604800000",
	// The rows of manifests that were deleted, apart from those that are there, so that no pull or push passes by them.
	`CREATE TABLE deleted_manifests (
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		media_type {text} NOT NULL,
		artifact_type {text},
		subject {text},
		config_digest {text},
		size {int} NOT NULL,
		pushed_at {int} NOT NULL,
		pushed_by {text} NOT NULL,
		annotations {text},
		blobs {text} NOT NULL,
		children {text} NOT NULL,
		tags {text} NOT NULL,
		deleted_at {int} NOT NULL,
		deleted_by {text} NOT NULL,
		restorable_until {int} NOT NULL,
		payload {bytes} NOT NULL,
		PRIMARY KEY (repository_id, digest)
	) {table}`,
	"CREATE INDEX deleted_manifests_due ON deleted_manifests (restorable_until)",
	// A deleted manifest holds its blobs: each row counts in project_blobs as a link does, and keeps the bytes.
	`CREATE TABLE deleted_manifest_blobs (
		repository_id {int} NOT NULL,
		manifest {text} NOT NULL,
		digest {text} NOT NULL,
		store {text} NOT NULL,
		project_id {int} NOT NULL,
		PRIMARY KEY (repository_id, manifest, digest)
	) {keyed}`,
	"CREATE INDEX deleted_manifest_blobs_by_blob ON deleted_manifest_blobs (store, digest)",
];
