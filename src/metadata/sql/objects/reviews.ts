/**
 * What the online collector has to look at. A change that may have left a link, a blob or a manifest without use puts it
 * into a queue, to be reviewed after a delay; every further change moves the review forward, never back.
 */

import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";

/**
 * By how much a row's `review_after` is later than the change that touched it, milliseconds. How long the delay really
 * is, the collector says when it reviews: see `CollectionStep`.
 */
const REVIEW_DELAY_MS = 86_400_000;

/** The `review_after` of a row that is touched at `at`, both in milliseconds since the epoch. */
export const reviewAfter = (at: number): number => at + REVIEW_DELAY_MS;

/** When a row with this `review_after` was touched, milliseconds since the epoch. */
export const touchedAt = (after: number): number => after - REVIEW_DELAY_MS;

/** Why a link is to be reviewed. */
export type LinkEvent = "blob-linked" | "blob-pulled" | "manifest-removed";

/** Why a blob is to be reviewed. */
export type BlobEvent = "blob-restored" | "blob-unlinked" | "blob-released";

/** Why a manifest is to be reviewed. */
export type ManifestEvent = "manifest-put" | "tag-moved" | "tag-removed" | "parent-removed" | "referrer-removed";

/** Queues a blob that may have lost its last link at `at`, milliseconds since the epoch. */
export function* reviewBlob(store: string, digest: Digest, event: BlobEvent, at: number): Step<void> {
	yield* all(
		`INSERT INTO gc_blob_queue (store, digest, review_after, review_count, event) VALUES (?, ?, ?, 0, ?)
		ON CONFLICT (store, digest) DO UPDATE SET
			review_after = CASE WHEN excluded.review_after > gc_blob_queue.review_after
				THEN excluded.review_after ELSE gc_blob_queue.review_after END,
			event = excluded.event`,
		store,
		digest,
		reviewAfter(at),
		event,
	);
}

/** Queues links of a repository, which the command has locked. */
export function* reviewLinks(
	repositoryId: number,
	digests: readonly Digest[],
	event: LinkEvent,
	context: StepContext,
): Step<void> {
	if (digests.length === 0) return;
	yield* all(
		`INSERT INTO gc_link_queue (repository_id, digest, review_after, event)
		SELECT CAST(? AS BIGINT), wanted.value, CAST(? AS BIGINT), CAST(? AS TEXT)
		FROM ${context.dialect.jsonValues} AS wanted WHERE 1 = 1
		ON CONFLICT (repository_id, digest) DO UPDATE SET
			review_after = CASE WHEN excluded.review_after > gc_link_queue.review_after
				THEN excluded.review_after ELSE gc_link_queue.review_after END,
			event = excluded.event`,
		repositoryId,
		reviewAfter(context.now),
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
		reviewAfter(context.now),
		event,
		sortedJson(digests),
		repositoryId,
	);
}

/** A list of digests as the one parameter that a statement takes: without repetitions, in byte order. */
export function sortedJson(digests: readonly Digest[]): string {
	return JSON.stringify([...new Set(digests)].sort());
}
