/** Repositories and what is in them. */
export const content: readonly string[] = [
	`CREATE TABLE repositories (
		id {id},
		name {text} NOT NULL UNIQUE,
		project_id {int} NOT NULL,
		store {text} NOT NULL,
		catalog_group {text} NOT NULL,
		moves {int} NOT NULL,
		moved_at {int} NOT NULL,
		created_at {int} NOT NULL,
		published_at {int},
		deleted_at {int}
	) {table}`,
	"CREATE INDEX repositories_published ON repositories (catalog_group, name) WHERE published_at IS NOT NULL AND deleted_at IS NULL",
	"CREATE INDEX repositories_by_store ON repositories (store, id)",
	// Published repositories by what stands before their first slash, the slash included: in that order, and not in the
	// order of projects, the repositories follow one another. The counts tell a page which groups will fill it.
	`CREATE TABLE catalog_groups (
		prefix {text} NOT NULL PRIMARY KEY,
		project_id {int} NOT NULL,
		repositories {int} NOT NULL,
		listed {int} NOT NULL
	) {table}`,
	"CREATE INDEX catalog_groups_listed ON catalog_groups (prefix) WHERE listed = 1",
	"CREATE INDEX catalog_groups_by_project ON catalog_groups (project_id)",
	`CREATE TABLE blobs (
		store {text} NOT NULL,
		digest {text} NOT NULL,
		key {text} NOT NULL,
		size {int} NOT NULL,
		state {text} NOT NULL,
		created_at {int} NOT NULL,
		PRIMARY KEY (store, digest),
		UNIQUE (store, key)
	) {table}`,
	`CREATE TABLE repository_blobs (
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		store {text} NOT NULL,
		project_id {int} NOT NULL,
		linked_at {int} NOT NULL,
		linked_by {text} NOT NULL,
		PRIMARY KEY (repository_id, digest)
	) {keyed}`,
	"CREATE INDEX repository_blobs_by_blob ON repository_blobs (store, digest, project_id, repository_id)",
	// The payload comes last, so that a read without it does not touch its pages.
	`CREATE TABLE manifests (
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
		payload {bytes} NOT NULL,
		PRIMARY KEY (repository_id, digest)
	) {table}`,
	"CREATE INDEX manifests_by_subject ON manifests (repository_id, subject, digest) WHERE subject IS NOT NULL",
	"CREATE INDEX manifests_by_artifact_type ON manifests (repository_id, subject, artifact_type, digest) WHERE subject IS NOT NULL",
	`CREATE TABLE manifest_blobs (
		repository_id {int} NOT NULL,
		manifest {text} NOT NULL,
		digest {text} NOT NULL,
		PRIMARY KEY (repository_id, manifest, digest)
	) {keyed}`,
	"CREATE INDEX manifest_blobs_by_blob ON manifest_blobs (repository_id, digest, manifest)",
	`CREATE TABLE manifest_children (
		repository_id {int} NOT NULL,
		parent {text} NOT NULL,
		child {text} NOT NULL,
		PRIMARY KEY (repository_id, parent, child)
	) {keyed}`,
	"CREATE INDEX manifest_children_by_child ON manifest_children (repository_id, child, parent)",
	// `move` counts the tag moves of the repository and ties a tag to its open row of the history.
	`CREATE TABLE tags (
		repository_id {int} NOT NULL,
		name {text} NOT NULL,
		digest {text} NOT NULL,
		move {int} NOT NULL,
		PRIMARY KEY (repository_id, name)
	) {keyed}`,
	"CREATE INDEX tags_by_manifest ON tags (repository_id, digest, name)",
	`CREATE TABLE tag_history (
		repository_id {int} NOT NULL,
		name {text} NOT NULL,
		move {int} NOT NULL,
		digest {text} NOT NULL,
		started_at {int} NOT NULL,
		started_by {text} NOT NULL,
		ended_at {int},
		ended_by {text},
		PRIMARY KEY (repository_id, name, move)
	) {keyed}`,
	"CREATE UNIQUE INDEX tag_history_open ON tag_history (repository_id, name) WHERE ended_at IS NULL",
	"CREATE INDEX tag_history_by_end ON tag_history (ended_at) WHERE ended_at IS NOT NULL",
	// What the collector looks at, and not before when; filled by the commands, emptied by the collector.
	`CREATE TABLE gc_blob_queue (
		store {text} NOT NULL,
		digest {text} NOT NULL,
		review_after {int} NOT NULL,
		review_count {int} NOT NULL,
		event {text} NOT NULL,
		PRIMARY KEY (store, digest)
	) {keyed}`,
	"CREATE INDEX gc_blob_queue_due ON gc_blob_queue (review_after)",
	`CREATE TABLE gc_manifest_queue (
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		review_after {int} NOT NULL,
		review_count {int} NOT NULL,
		event {text} NOT NULL,
		PRIMARY KEY (repository_id, digest)
	) {keyed}`,
	"CREATE INDEX gc_manifest_queue_due ON gc_manifest_queue (review_after)",
];
