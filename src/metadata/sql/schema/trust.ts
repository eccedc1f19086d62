/** Whose tokens stand for a secret of a robot. */
export const trust: readonly string[] = [
	"ALTER TABLE robots ADD COLUMN trust {text} NOT NULL DEFAULT '[]'",
	// Where the service accounts are that robots trust: a namespace, or nothing where a pattern says which.
	`CREATE TABLE robot_trust (
		namespace {text} NOT NULL,
		uid {text} NOT NULL,
		PRIMARY KEY (namespace, uid)
	) {table}`,
	"CREATE INDEX robot_trust_by_robot ON robot_trust (uid)",
];
