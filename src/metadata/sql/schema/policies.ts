/** What policies are carried out by, and what they decide on. */
export const policies: readonly string[] = [
	// What became of a resource beyond being in force; JSON.
	"ALTER TABLE control_resources ADD COLUMN report {text}",
	// Policies in force. `state` is what the feature that carries one out keeps for itself; JSON.
	`CREATE TABLE policies (
		uid {text} NOT NULL PRIMARY KEY,
		kind {text} NOT NULL,
		generation {int} NOT NULL,
		spec {text} NOT NULL,
		state {text}
	) {table}`,
	"CREATE INDEX policies_by_kind ON policies (kind, uid)",
	// When a manifest was pulled last, and when it was last pushed again. Apart from the manifests, whose rows are large.
	// A row goes with its manifest, and outlives a deletion for as long as that can be undone.
	`CREATE TABLE manifest_uses (
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		pulled_at {int},
		pushed_at {int},
		PRIMARY KEY (repository_id, digest)
	) {keyed}`,
	// Which tags stay where they are; JSON.
	"ALTER TABLE projects ADD COLUMN immutability {text} NOT NULL DEFAULT '[]'",
	// Until when a place that a tag had is remembered: never less than that of the place before it, so that of the places
	// of one tag the first always go first.
	"ALTER TABLE tag_history ADD COLUMN kept_until {int}",
	`UPDATE tag_history SET kept_until = ended_at + COALESCE((
		SELECT p.undo_window FROM repositories r JOIN projects p ON p.id = r.project_id
		WHERE r.id = tag_history.repository_id
	), 0) WHERE ended_at IS NOT NULL`,
	"CREATE INDEX tag_history_due ON tag_history (kept_until) WHERE kept_until IS NOT NULL",
	"DROP INDEX tag_history_by_end",
];
