/**
 * What the online collector has to look at. A change that may have left a blob or a manifest without use puts it into
 * a queue, to be reviewed after a delay; every further change moves the review forward, never back.
 */

import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";

/** How long after a change the collector may look at what it touched, milliseconds. */
const REVIEW_DELAY_MS = 86_400_000;

/** Why a blob is to be reviewed. */
export type BlobEvent = "blob-linked" | "blob-restored" | "blob-unlinked" | "manifest-removed";

/** Why a manifest is to be reviewed. */
export type ManifestEvent = "manifest-put" | "tag-moved" | "tag-removed" | "parent-removed" | "referrer-removed";

/** Queues blobs of a store, in the order of their digests, so that no two commands wait for each other. */
export function* reviewBlobs(
	store: string,
	digests: readonly Digest[],
	event: BlobEvent,
	context: StepContext,
): Step<void> {
	if (digests.length === 0) return;
	yield* all(
		`INSERT INTO gc_blob_queue (store, digest, review_after, review_count, event)
		SELECT CAST(? AS TEXT), wanted.value, CAST(? AS BIGINT), 0, CAST(? AS TEXT)
		FROM ${context.dialect.jsonValues} AS wanted WHERE 1 = 1
		ON CONFLICT (store, digest) DO UPDATE SET
			review_after = CASE WHEN excluded.review_after > gc_blob_queue.review_after
				THEN excluded.review_after ELSE gc_blob_queue.review_after END,
			event = excluded.event`,
		store,
		context.now + REVIEW_DELAY_MS,
		event,
		sortedJson(digests),
	);
}

/** Queues manifests of a repository, which the command has locked. */
export function* reviewManifests(
	repositoryId: number,
	digests: readonly Digest[],
	event: ManifestEvent,
	context: StepContext,
): Step<void> {
	if (digests.length === 0) return;
	yield* all(
		`INSERT INTO gc_manifest_queue (repository_id, digest, review_after, review_count, event)
		SELECT CAST(? AS BIGINT), wanted.value, CAST(? AS BIGINT), 0, CAST(? AS TEXT)
		FROM ${context.dialect.jsonValues} AS wanted
		WHERE (SELECT 1 FROM manifests m WHERE m.repository_id = ? AND m.digest = wanted.value) = 1
		ON CONFLICT (repository_id, digest) DO UPDATE SET
			review_after = CASE WHEN excluded.review_after > gc_manifest_queue.review_after
				THEN excluded.review_after ELSE gc_manifest_queue.review_after END,
			event = excluded.event`,
		repositoryId,
		context.now + REVIEW_DELAY_MS,
		event,
		sortedJson(digests),
		repositoryId,
	);
}

/** A list of digests as the one parameter that a statement takes: without repetitions, in byte order. */
export function sortedJson(digests: readonly Digest[]): string {
	return JSON.stringify([...new Set(digests)].sort());
}
