/** Projects whose repositories go from one store to another while they are used. */
export const moves: readonly string[] = [
	// The store that all its repositories are to be in; null: they are where they are to be.
	"ALTER TABLE projects ADD COLUMN moving_to {text}",
	"CREATE INDEX projects_moving ON projects (id) WHERE moving_to IS NOT NULL",
	// The revision of the project when the repository came into its store: of two places in journals the later one counts.
	"ALTER TABLE repositories ADD COLUMN placement {int} NOT NULL DEFAULT 0",
	"CREATE INDEX repositories_by_project ON repositories (project_id, id)",
	"CREATE INDEX projects_by_store ON projects (store)",
];
