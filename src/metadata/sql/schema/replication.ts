/** What replication policies copied, and which repositories changed lately. */
export const replication: readonly string[] = [
	`CREATE TABLE replication_tags (
		policy {text} NOT NULL,
		repository {text} NOT NULL,
		reference {text} NOT NULL,
		source {text} NOT NULL,
		state {text} NOT NULL,
		source_digest {text},
		target_digest {text},
		ours {int} NOT NULL,
		pending {text},
		behind_since {int},
		generation {int},
		PRIMARY KEY (policy, repository, reference)
	) {keyed}`,
	// Policies that are gone, of which there may still be rows above.
	"CREATE TABLE replication_ended (policy {text} NOT NULL PRIMARY KEY) {table}",
	"CREATE INDEX repositories_moved ON repositories (moved_at, name)",
];
