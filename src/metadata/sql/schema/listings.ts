/** What long lists are read by. */
export const listings: readonly string[] = [
	// A page of the manifests that refer to others passes over none that do not.
	"CREATE INDEX manifests_attached ON manifests (repository_id, digest) WHERE subject IS NOT NULL",
	// How often something changed in it that replication wants to know of: two changes may have one time.
	"ALTER TABLE repositories ADD COLUMN changes {int} NOT NULL DEFAULT 0",
];
