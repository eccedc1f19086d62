/**
 * Links under review, one by one: a blob that many repositories link is then reviewed in each when its own time has
 * come, whatever the others do. Links from before are reviewed as their blobs would have been.
 */
export const collection: readonly string[] = [
	`CREATE TABLE gc_link_queue (
		repository_id {int} NOT NULL,
		digest {text} NOT NULL,
		review_after {int} NOT NULL,
		event {text} NOT NULL,
		PRIMARY KEY (repository_id, digest)
	) {keyed}`,
	"CREATE INDEX gc_link_queue_due ON gc_link_queue (review_after)",
	`INSERT INTO gc_link_queue (repository_id, digest, review_after, event)
		SELECT l.repository_id, l.digest, COALESCE(q.review_after, l.linked_at + 86400000), 'blob-linked'
		FROM repository_blobs l LEFT JOIN gc_blob_queue q ON q.store = l.store AND q.digest = l.digest`,
];
