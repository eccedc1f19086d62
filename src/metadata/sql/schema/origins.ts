/** Who this metadata is, and what it was restored from. */
export const origins: readonly string[] = [
	`CREATE TABLE origins (
		name {text} NOT NULL PRIMARY KEY,
		value {text} NOT NULL,
		ended_at {int}
	) {table}`,
	// One row for each, so that several replicas that begin at once queue at it.
	"INSERT INTO counters (name, reached) VALUES ('origin', 0)",
];
