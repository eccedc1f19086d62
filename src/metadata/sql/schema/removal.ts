/** Projects that were deleted and that nobody can bring back any more. */
export const removal: readonly string[] = [
	// When the window is over in which a deleted project comes back with all that it had; null while it is there, and when
	// nothing of it is left.
	"ALTER TABLE projects ADD COLUMN removable_at {int}",
	// Null: it is there, or comes back when it is applied. `begun`: it is being emptied. `done`: its name is free.
	"ALTER TABLE projects ADD COLUMN removal {text}",
	"UPDATE projects SET removable_at = deleted_at + undo_window WHERE deleted_at IS NOT NULL",
	"CREATE INDEX projects_removable ON projects (removable_at) WHERE removable_at IS NOT NULL",
];
