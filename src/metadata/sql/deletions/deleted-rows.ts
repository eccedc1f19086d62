/**
 * Deleted manifests that can be restored. A manifest is either there or here, never both; here it holds its blobs, each
 * hold counting as a link of the project, so that neither a collector nor an unlinking takes their bytes.
 */

import { z } from "zod";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { countLink, lockLiveBlob, uncountLink } from "#/metadata/sql/blobs/blob-rows.ts";
import { bytesOf, digestOf, intOf, jsonOf, maybeDigest, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { reviewBlob, sortedJson } from "#/metadata/sql/objects/reviews.ts";
import type { UsageChange } from "#/metadata/sql/usage/add-usage.ts";
import { type Digest, isDigest } from "#/oci/digest.ts";

/** A tag, and the move that had brought it where it was. */
export interface DeletedTag {
	readonly tag: string;
	readonly move: number;
}

/** What is kept of a deletion. Times in milliseconds since the epoch. */
export interface Grave {
	readonly at: number;
	readonly by: string;
	/** When it cannot be restored any more. */
	readonly until: number;
	/** The tags that went with it. */
	readonly tags: readonly DeletedTag[];
}

/** A deleted manifest, and all that is needed to bring it back. */
export interface DeletedManifest {
	readonly digest: Digest;
	readonly mediaType: string;
	readonly artifactType: string | undefined;
	readonly annotations: Readonly<Record<string, string>> | undefined;
	readonly config: Digest | undefined;
	readonly subject: Digest | undefined;
	readonly payload: Uint8Array;
	readonly blobs: readonly Digest[];
	readonly children: readonly Digest[];
	readonly pushed: { readonly at: number; readonly by: string };
	readonly deleted: Grave;
}

/** What was deleted at `at` can be restored until then; undefined when the repository's project wants no such thing. */
export function* endOfWindow({ projectId }: Pick<RepositoryFacts, "projectId">, at: number): Step<number | undefined> {
	const window = yield* undoWindow(projectId);
	return window === 0 ? undefined : at + window;
}

/** For how long a project's deletions can be undone, milliseconds. */
export function* undoWindow(projectId: number): Step<number> {
	const row = yield* first("SELECT undo_window FROM projects WHERE id = ?", projectId);
	return row === undefined ? 0 : intOf(row, "undo_window");
}

/** Copies a manifest, which is about to be deleted, to those that can be restored. */
export function* copyDeleted(repositoryId: number, digest: Digest, grave: Grave): Step<void> {
	yield* all(
		`INSERT INTO deleted_manifests (repository_id, digest, media_type, artifact_type, subject, config_digest, size,
			pushed_at, pushed_by, annotations, blobs, children, tags, deleted_at, deleted_by, restorable_until, payload)
		SELECT repository_id, digest, media_type, artifact_type, subject, config_digest, size, pushed_at, pushed_by,
			annotations, '[]', '[]', CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), payload
		FROM manifests WHERE repository_id = ? AND digest = ?`,
		JSON.stringify(grave.tags.map(({ tag, move }) => ({ tag, move }))),
		grave.at,
		grave.by,
		grave.until,
		repositoryId,
		digest,
	);
}

interface References {
	readonly blobs: readonly Digest[];
	readonly children: readonly Digest[];
}

/** Notes what a deleted manifest references, and holds its blobs; answers by how many bytes the project's use grew. */
export function* holdReferences(
	repository: RepositoryFacts,
	manifest: Digest,
	{ blobs, children }: References,
	context: StepContext,
): Step<number> {
	yield* all(
		"UPDATE deleted_manifests SET blobs = ?, children = ? WHERE repository_id = ? AND digest = ?",
		sortedJson(blobs),
		sortedJson(children),
		repository.id,
		manifest,
	);
	const { id, store, projectId } = repository;
	let blobBytes = 0;
	for (const digest of blobs.toSorted()) {
		// Not there in a rebuild alone, where a record that follows tells that it went.
		const blob = yield* lockLiveBlob(store, digest, context);
		if (blob === undefined) continue;
		yield* all(
			`INSERT INTO deleted_manifest_blobs (repository_id, manifest, digest, store, project_id)
			VALUES (?, ?, ?, ?, ?)`,
			id,
			manifest,
			digest,
			store,
			projectId,
		);
		blobBytes += yield* countLink(repository, { digest, size: blob.size });
	}
	return blobBytes;
}

/**
 * Takes a manifest out of those that can be restored, because it is there again or its window is over; undefined when it
 * is not among them. Blobs that it held are reviewed.
 */
export function* dropDeleted(
	repository: Pick<RepositoryFacts, "id" | "projectId" | "store">,
	digest: Digest,
	context: StepContext,
): Step<UsageChange | undefined> {
	const key = [repository.id, digest] as const;
	const gone = yield* first(
		"DELETE FROM deleted_manifests WHERE repository_id = ? AND digest = ? RETURNING size",
		...key,
	);
	if (gone === undefined) return undefined;
	const rows = yield* all(
		"DELETE FROM deleted_manifest_blobs WHERE repository_id = ? AND manifest = ? RETURNING digest",
		...key,
	);
	const held = rows.map((row) => digestOf(row, "digest")).toSorted();
	let blobBytes = 0;
	for (const blob of held) {
		yield* reviewBlob(repository.store, blob, "blob-released", context.now);
		blobBytes += yield* uncountLink(repository, blob);
	}
	return { manifestBytes: -intOf(gone, "size"), blobBytes };
}

/** The columns of {@link toDeleted}, of a deleted manifest `d`. */
export const DELETED_COLUMNS = `d.digest, d.media_type, d.artifact_type, d.subject, d.config_digest, d.pushed_at, d.pushed_by,
	d.annotations, d.blobs, d.children, d.tags, d.deleted_at, d.deleted_by, d.restorable_until, d.payload`;

/** A deleted manifest whose window is not over at `now`; undefined when there is none. */
export function* findDeleted(repositoryId: number, digest: Digest, now: number): Step<DeletedManifest | undefined> {
	const row = yield* first(
		`SELECT ${DELETED_COLUMNS} FROM deleted_manifests d WHERE repository_id = ? AND digest = ? AND restorable_until > ?`,
		repositoryId,
		digest,
		now,
	);
	return row && toDeleted(row);
}

const annotationMap = z.record(z.string(), z.string()).optional();
const digests = z.array(z.custom<Digest>((text) => typeof text === "string" && isDigest(text)));
const deletedTags = z.array(z.object({ tag: z.string(), move: z.int() }));

/** What a row with {@link DELETED_COLUMNS} says. */
export function toDeleted(row: Row): DeletedManifest {
	return {
		digest: digestOf(row, "digest"),
		mediaType: textOf(row, "media_type"),
		artifactType: maybeText(row, "artifact_type"),
		annotations: annotationMap.parse(jsonOf(row, "annotations")),
		config: maybeDigest(row, "config_digest"),
		subject: maybeDigest(row, "subject"),
		payload: bytesOf(row, "payload"),
		blobs: digests.parse(jsonOf(row, "blobs")),
		children: digests.parse(jsonOf(row, "children")),
		pushed: { at: intOf(row, "pushed_at"), by: textOf(row, "pushed_by") },
		deleted: {
			at: intOf(row, "deleted_at"),
			by: textOf(row, "deleted_by"),
			until: intOf(row, "restorable_until"),
			tags: deletedTags.parse(jsonOf(row, "tags")),
		},
	};
}
