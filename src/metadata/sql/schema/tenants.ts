/**
 * Projects, who may use them, and what the control plane wants. There are no foreign keys anywhere: commands keep the
 * references whole, and a key check would lock parent rows that every push of a tenant shares.
 */
export const tenants: readonly string[] = [
	// A name is claimed for ever by its first owner; deleting sets deleted_at only.
	`CREATE TABLE projects (
		id {id},
		uid {text} NOT NULL UNIQUE,
		name {text} NOT NULL UNIQUE,
		owner {text} NOT NULL,
		visibility {text} NOT NULL,
		store {text} NOT NULL,
		sparse_indexes {int} NOT NULL,
		members {text} NOT NULL,
		generation {int} NOT NULL,
		revision {int} NOT NULL,
		created_at {int} NOT NULL,
		deleted_at {int}
	) {table}`,
	"CREATE INDEX projects_present ON projects (name) WHERE deleted_at IS NULL",
	// In shards by repository, so that pushes to one project seldom wait for each other; the sum over them is the usage.
	`CREATE TABLE project_usage (
		project_id {int} NOT NULL,
		shard {int} NOT NULL,
		blob_bytes {int} NOT NULL,
		manifest_bytes {int} NOT NULL,
		manifests {int} NOT NULL,
		repositories {int} NOT NULL,
		PRIMARY KEY (project_id, shard)
	) {keyed}`,
	// How many repositories of the project link the blob: it is accounted while there is one.
	`CREATE TABLE project_blobs (
		project_id {int} NOT NULL,
		store {text} NOT NULL,
		digest {text} NOT NULL,
		size {int} NOT NULL,
		links {int} NOT NULL,
		PRIMARY KEY (project_id, store, digest)
	) {keyed}`,
	`CREATE TABLE users (
		uid {text} NOT NULL PRIMARY KEY,
		name {text} NOT NULL UNIQUE,
		password_hash {text} NOT NULL,
		admin {int} NOT NULL,
		disabled {int} NOT NULL,
		generation {int} NOT NULL
	) {table}`,
	`CREATE TABLE robots (
		uid {text} NOT NULL PRIMARY KEY,
		name {text} NOT NULL UNIQUE,
		verifiers {text} NOT NULL,
		expires_at {int},
		disabled {int} NOT NULL,
		permissions {text} NOT NULL,
		generation {int} NOT NULL
	) {table}`,
	`CREATE TABLE refresh_tokens (
		hash {text} NOT NULL PRIMARY KEY,
		principal_kind {text} NOT NULL,
		principal_uid {text} NOT NULL,
		principal {text} NOT NULL,
		service {text} NOT NULL,
		expires_at {int} NOT NULL
	) {table}`,
	"CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_at)",
	"CREATE INDEX refresh_tokens_by_principal ON refresh_tokens (principal_uid)",
	`CREATE TABLE control_state (
		single {int} NOT NULL PRIMARY KEY,
		epoch {int} NOT NULL,
		holder {text} NOT NULL,
		base {int} NOT NULL,
		position {int} NOT NULL
	) {table}`,
	"INSERT INTO control_state (single, epoch, holder, base, position) VALUES (1, 0, '', 0, 0)",
	// What is wanted and what became of it; a deleted resource stays as a tombstone for those who observe.
	`CREATE TABLE control_resources (
		uid {text} NOT NULL PRIMARY KEY,
		kind {text} NOT NULL,
		name {text} NOT NULL,
		generation {int} NOT NULL,
		spec {text} NOT NULL,
		ready {int} NOT NULL,
		reason {text} NOT NULL,
		message {text} NOT NULL,
		position {int} NOT NULL UNIQUE,
		deleted {int} NOT NULL,
		snapshot {text}
	) {table}`,
	"CREATE INDEX control_resources_waiting ON control_resources (kind, name, position) WHERE ready = 0 AND deleted = 0",
	`CREATE TABLE control_snapshots (
		id {text} NOT NULL PRIMARY KEY,
		state {text} NOT NULL
	) {table}`,
];
