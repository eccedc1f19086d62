import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { copyDeleted, type Grave, holdReferences } from "#/metadata/sql/deletions/deleted-rows.ts";
import { digestOf, intOf, maybeDigest } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { reviewLinks, reviewManifests, sortedJson } from "#/metadata/sql/objects/reviews.ts";
import type { UsageChange } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { forgetUses } from "./use-rows.ts";

/** A manifest and what it references. */
export interface ManifestRow {
	readonly digest: Digest;
	readonly mediaType: string;
	readonly artifactType: string | undefined;
	readonly annotations: Readonly<Record<string, string>> | undefined;
	readonly config: Digest | undefined;
	readonly subject: Digest | undefined;
	readonly payload: Uint8Array;
	readonly blobs: readonly Digest[];
	readonly children: readonly Digest[];
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
}

/** Whether a locked repository has the manifest. */
export function* hasManifest(repositoryId: number, digest: Digest): Step<boolean> {
	const row = yield* first("SELECT digest FROM manifests WHERE repository_id = ? AND digest = ?", repositoryId, digest);
	return row !== undefined;
}

/** Whether a locked repository has the manifest, or had it and can have it again. One statement, as every push asks. */
export function* standingOf(repositoryId: number, digest: Digest): Step<"here" | "deleted" | "absent"> {
	const row = yield* first(
		`SELECT (SELECT 1 FROM manifests WHERE repository_id = ? AND digest = ?) AS here,
			(SELECT 1 FROM deleted_manifests WHERE repository_id = ? AND digest = ?) AS deleted`,
		repositoryId,
		digest,
		repositoryId,
		digest,
	);
	if (row === undefined || row.here === 1) return row === undefined ? "absent" : "here";
	return row.deleted === 1 ? "deleted" : "absent";
}

/** Writes a manifest that a locked repository does not have, and its references. */
export function* insertManifest(
	repository: RepositoryFacts,
	manifest: ManifestRow,
	context: StepContext,
): Step<UsageChange> {
	yield* all(
		`INSERT INTO manifests (repository_id, digest, media_type, artifact_type, subject, config_digest, size, pushed_at,
			pushed_by, annotations, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		repository.id,
		manifest.digest,
		manifest.mediaType,
		manifest.artifactType ?? null,
		manifest.subject ?? null,
		manifest.config ?? null,
		manifest.payload.byteLength,
		manifest.at,
		manifest.actor,
		manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
		manifest.payload,
	);
	yield* reference("INSERT INTO manifest_blobs (repository_id, manifest, digest)", manifest.blobs);
	yield* reference("INSERT INTO manifest_children (repository_id, parent, child)", manifest.children);
	return { manifests: 1, manifestBytes: manifest.payload.byteLength };

	function* reference(insert: string, digests: readonly Digest[]): Step<void> {
		if (digests.length === 0) return;
		yield* all(
			`${insert} SELECT CAST(? AS BIGINT), CAST(? AS TEXT), wanted.value FROM ${context.dialect.jsonValues} AS wanted`,
			repository.id,
			manifest.digest,
			sortedJson(digests),
		);
	}
}

/**
 * Deletes a manifest of a locked repository and has all that it referenced reviewed; undefined when it is not there.
 * Tags are left to the caller.
 *
 * @param grave how the manifest can be restored; absent: not at all
 */
export function* deleteManifest(
	repository: RepositoryFacts,
	digest: Digest,
	grave: Grave | undefined,
	context: StepContext,
): Step<UsageChange | undefined> {
	const key = [repository.id, digest] as const;
	if (grave !== undefined) yield* copyDeleted(repository.id, digest, grave);
	const gone = yield* first(
		"DELETE FROM manifests WHERE repository_id = ? AND digest = ? RETURNING size, subject",
		...key,
	);
	if (gone === undefined) return undefined;
	const blobs = yield* all(
		"DELETE FROM manifest_blobs WHERE repository_id = ? AND manifest = ? RETURNING digest",
		...key,
	);
	const children = yield* all(
		"DELETE FROM manifest_children WHERE repository_id = ? AND parent = ? RETURNING child AS digest",
		...key,
	);
	yield* all("DELETE FROM gc_manifest_queue WHERE repository_id = ? AND digest = ?", ...key);
	const subject = maybeDigest(gone, "subject");
	yield* reviewManifests(repository.id, children.map(toDigest), "parent-removed", context);
	yield* reviewManifests(repository.id, subject === undefined ? [] : [subject], "referrer-removed", context);
	yield* reviewLinks(repository.id, blobs.map(toDigest), "manifest-removed", context);
	if (grave === undefined) yield* forgetUses(...key);
	if (grave === undefined) return { manifests: -1, manifestBytes: -intOf(gone, "size") };
	const references = { blobs: blobs.map(toDigest), children: children.map(toDigest) };
	// Its own bytes count until its window ends.
	return { manifests: -1, blobBytes: yield* holdReferences(repository, digest, references, context) };
}

const toDigest = (row: Parameters<typeof digestOf>[0]): Digest => digestOf(row, "digest");
