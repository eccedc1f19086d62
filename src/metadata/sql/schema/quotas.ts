/** How much a project may hold, and what uploads under way have of that. */
export const quotas: readonly string[] = [
	"ALTER TABLE projects ADD COLUMN quota_bytes {int}",
	// What an upload will have, where its client said so before the first byte, or what has come since it was acknowledged.
	"ALTER TABLE uploads ADD COLUMN announced {int} NOT NULL DEFAULT 0",
];
