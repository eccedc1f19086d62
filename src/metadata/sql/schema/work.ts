/** Bytes on their way, the journal, and what replicas share. */
export const work: readonly string[] = [
	`CREATE TABLE objects (
		store {text} NOT NULL,
		key {text} NOT NULL,
		purpose {text} NOT NULL,
		state {text} NOT NULL,
		size {int},
		digest {text},
		holder {text} NOT NULL,
		upload_id {text},
		writer_state {text},
		changed_at {int} NOT NULL,
		claimed_by {text},
		claimed_until {int} NOT NULL,
		PRIMARY KEY (store, key)
	) {keyed}`,
	"CREATE INDEX objects_condemned ON objects (claimed_until) WHERE state = 'deleting'",
	"CREATE INDEX objects_abandoned ON objects (changed_at) WHERE state = 'writing' AND upload_id IS NULL",
	// lease_until is 0 while nobody holds the upload; holder is the last one that did.
	`CREATE TABLE uploads (
		id {text} NOT NULL PRIMARY KEY,
		repository_id {int} NOT NULL,
		project_id {int} NOT NULL,
		store {text} NOT NULL,
		key {text} NOT NULL,
		algorithm {text} NOT NULL,
		bytes {int} NOT NULL,
		state {text},
		epoch {int} NOT NULL,
		holder {text},
		lease_until {int} NOT NULL,
		created_by {text} NOT NULL,
		touched_at {int} NOT NULL
	) {table}`,
	"CREATE INDEX uploads_by_project ON uploads (project_id)",
	"CREATE INDEX uploads_by_touch ON uploads (touched_at)",
	`CREATE TABLE finished_uploads (
		id {text} NOT NULL PRIMARY KEY,
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		duplicate {int} NOT NULL,
		finished_at {int} NOT NULL
	) {table}`,
	"CREATE INDEX finished_uploads_by_time ON finished_uploads (finished_at)",
	`CREATE TABLE outbox (
		seq {id},
		at {int} NOT NULL,
		store {text} NOT NULL,
		kind {text} NOT NULL,
		size {int} NOT NULL,
		body {text} NOT NULL
	) {table}`,
	`CREATE TABLE journal_segments (
		store {text} NOT NULL,
		number {int} NOT NULL,
		key {text} NOT NULL,
		hash {text} NOT NULL,
		sealed_at {int} NOT NULL,
		PRIMARY KEY (store, number)
	) {table}`,
	`CREATE TABLE leases (
		name {text} NOT NULL PRIMARY KEY,
		holder {text} NOT NULL,
		fence {int} NOT NULL UNIQUE,
		lease_until {int} NOT NULL
	) {table}`,
	// One row for each thing that several replicas may decide at once; it is locked, never changed but the counter.
	`CREATE TABLE counters (
		name {text} NOT NULL PRIMARY KEY,
		reached {int} NOT NULL
	) {table}`,
	"INSERT INTO counters (name, reached) VALUES ('fence', 0), ('signing-keys', 0)",
	`CREATE TABLE signing_keys (
		kid {text} NOT NULL PRIMARY KEY,
		state {text} NOT NULL,
		public_jwk {text} NOT NULL,
		sealed_private {bytes} NOT NULL,
		created_at {int} NOT NULL,
		since {int} NOT NULL
	) {table}`,
	"CREATE UNIQUE INDEX signing_keys_one ON signing_keys (state) WHERE state <> 'retired'",
	`CREATE TABLE command_results (
		id {text} NOT NULL PRIMARY KEY,
		result {bytes} NOT NULL,
		created_at {int} NOT NULL
	) {table}`,
	"CREATE INDEX command_results_by_time ON command_results (created_at)",
];
