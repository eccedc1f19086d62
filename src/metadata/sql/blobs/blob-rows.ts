import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { reviewBlob, reviewLinks } from "#/metadata/sql/objects/reviews.ts";
import type { Digest } from "#/oci/digest.ts";

/** A link of a repository to a blob of its store. */
export interface BlobLink {
	readonly digest: Digest;
	/** Bytes. */
	readonly size: number;
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
}

/** Whether a row was written, and by how many bytes the project's use grew (negative: shrank). */
export interface LinkChange {
	readonly changed: boolean;
	readonly blobBytes: number;
}

/**
 * Locks a live blob against collection until the end of the command; undefined when the store does not have it, or its
 * bytes are being collected.
 */
export function* lockLiveBlob(
	store: string,
	digest: Digest,
	context: StepContext,
): Step<{ readonly key: string; readonly size: number } | undefined> {
	const row = yield* first(
		`SELECT key, size FROM blobs WHERE store = ? AND digest = ? AND state = 'live'${context.dialect.forShare}`,
		store,
		digest,
	);
	return row && { key: textOf(row, "key"), size: intOf(row, "size") };
}

/** Links a blob into a locked repository. `changed` is false when it was linked before. */
export function* linkBlob(repository: RepositoryFacts, link: BlobLink, context: StepContext): Step<LinkChange> {
	yield* reviewLinks(repository.id, [link.digest], "blob-linked", context);
	const linked = yield* first(
		`INSERT INTO repository_blobs (repository_id, digest, store, project_id, linked_at, linked_by)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (repository_id, digest) DO NOTHING RETURNING digest`,
		repository.id,
		link.digest,
		repository.store,
		repository.projectId,
		link.at,
		link.actor,
	);
	if (linked === undefined) return { changed: false, blobBytes: 0 };
	return { changed: true, blobBytes: yield* countLink(repository, link) };
}

/**
 * Takes a link of a locked repository away, and has the blob reviewed as one that was left at `at`, milliseconds since
 * the epoch. `changed` is false when there was none.
 */
export function* unlinkBlob(repository: RepositoryFacts, digest: Digest, at: number): Step<LinkChange> {
	yield* all("DELETE FROM gc_link_queue WHERE repository_id = ? AND digest = ?", repository.id, digest);
	const unlinked = yield* first(
		"DELETE FROM repository_blobs WHERE repository_id = ? AND digest = ? RETURNING digest",
		repository.id,
		digest,
	);
	if (unlinked === undefined) return { changed: false, blobBytes: 0 };
	yield* reviewBlob(repository.store, digest, "blob-unlinked", at);
	return { changed: true, blobBytes: yield* uncountLink(repository, digest) };
}

/**
 * Counts one more link of a project to a blob, of a repository or of a deleted manifest; answers by how many bytes the
 * project's use grew.
 */
export function* countLink(
	{ projectId, store }: Pick<RepositoryFacts, "projectId" | "store">,
	{ digest, size }: Pick<BlobLink, "digest" | "size">,
): Step<number> {
	const counted = yield* first(
		`INSERT INTO project_blobs (project_id, store, digest, size, links) VALUES (?, ?, ?, ?, 1)
		ON CONFLICT (project_id, store, digest) DO UPDATE SET links = project_blobs.links + 1 RETURNING links`,
		projectId,
		store,
		digest,
		size,
	);
	return counted !== undefined && intOf(counted, "links") === 1 ? size : 0;
}

/** Counts one link less; answers by how many bytes the project's use grew, which is never more than 0. */
export function* uncountLink(
	{ projectId, store }: Pick<RepositoryFacts, "projectId" | "store">,
	digest: Digest,
): Step<number> {
	const key = [projectId, store, digest] as const;
	const counted = yield* first(
		`UPDATE project_blobs SET links = links - 1 WHERE project_id = ? AND store = ? AND digest = ?
		RETURNING links, size`,
		...key,
	);
	if (counted === undefined || intOf(counted, "links") > 0) return 0;
	yield* all("DELETE FROM project_blobs WHERE project_id = ? AND store = ? AND digest = ?", ...key);
	return -intOf(counted, "size");
}

/** Whether a repository links the blob, or a deleted manifest that can be restored holds it. */
export function* isBlobUsed(store: string, digest: Digest): Step<boolean> {
	const row = yield* first(
		`SELECT 1 AS used WHERE EXISTS (SELECT 1 FROM repository_blobs WHERE store = ? AND digest = ?)
		OR EXISTS (SELECT 1 FROM deleted_manifest_blobs WHERE store = ? AND digest = ?)`,
		store,
		digest,
		store,
		digest,
	);
	return row !== undefined;
}

/**
 * Makes `key` the place of the blob (store, digest), unless it lies elsewhere already and is not being collected.
 * Answers the key that it has then.
 */
export function* placeBlob(
	blob: { readonly store: string; readonly digest: Digest; readonly key: string; readonly size: number },
	at: number,
): Step<string> {
	const row = yield* first(
		`INSERT INTO blobs (store, digest, key, size, state, created_at) VALUES (?, ?, ?, ?, 'live', ?)
		ON CONFLICT (store, digest) DO UPDATE SET
			key = CASE WHEN blobs.state = 'live' THEN blobs.key ELSE excluded.key END,
			size = CASE WHEN blobs.state = 'live' THEN blobs.size ELSE excluded.size END,
			created_at = CASE WHEN blobs.state = 'live' THEN blobs.created_at ELSE excluded.created_at END,
			state = 'live'
		RETURNING key`,
		blob.store,
		blob.digest,
		blob.key,
		blob.size,
		at,
	);
	return row === undefined ? blob.key : textOf(row, "key");
}
