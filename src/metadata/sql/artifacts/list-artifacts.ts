import { z } from "zod";
import type { Artifact } from "#/metadata/artifacts.ts";
import { digestOf, intOf, jsonOf, maybeDigest, maybeInt, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Row, type Step } from "#/metadata/sql/engine/statement.ts";
import { immutableTags } from "#/metadata/sql/projects/immutability.ts";
import { findRepository } from "#/metadata/sql/repositories/repository-rows.ts";

/** What {@link listArtifacts} takes. */
export interface ArtifactsInput {
	readonly repository: string;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** When a manifest `m` with its uses `u` was pushed last. */
export const PUSHED_AT = "CASE WHEN u.pushed_at > m.pushed_at THEN u.pushed_at ELSE m.pushed_at END";

/** A page of manifests with all that is decided on: see `Artifacts.list`. The same few statements for each page. */
export function* listArtifacts({ repository: name, last = "", limit }: ArtifactsInput): Step<readonly Artifact[]> {
	const repository = yield* findRepository(name);
	if (repository === undefined) return [];
	const rows = yield* all(
		`SELECT m.digest, m.media_type, m.artifact_type, m.subject, m.annotations, m.size, ${PUSHED_AT} AS pushed_at,
			u.pulled_at, CAST(COALESCE((
				SELECT SUM((SELECT b.size FROM blobs b WHERE b.store = ? AND b.digest = l.digest))
				FROM manifest_blobs l WHERE l.repository_id = m.repository_id AND l.manifest = m.digest
			), 0) AS BIGINT) AS blob_bytes, (
				SELECT 1 FROM manifest_children c WHERE c.repository_id = m.repository_id AND c.child = m.digest LIMIT 1
			) AS is_child
		FROM manifests m LEFT JOIN manifest_uses u ON u.repository_id = m.repository_id AND u.digest = m.digest
		WHERE m.repository_id = ? AND m.digest > ? ORDER BY m.digest LIMIT ?`,
		repository.store,
		repository.id,
		last,
		limit,
	);
	const end = rows.at(-1);
	if (end === undefined) return [];
	const range = [repository.id, last, textOf(end, "digest")] as const;
	const tags = Map.groupBy(yield* all(TAGS, ...range), (row) => row.digest);
	const children = Map.groupBy(yield* all(CHILDREN, ...range), (row) => row.parent);
	const isImmutable = tags.size === 0 ? () => false : yield* immutableTags(repository);
	return rows.map((row) => {
		const names = tags.get(row.digest ?? null)?.map((tag) => textOf(tag, "name")) ?? [];
		return {
			...toArtifact(row),
			tags: names,
			children: children.get(row.digest ?? null)?.map((child) => digestOf(child, "child")) ?? [],
			isImmutable: names.some(isImmutable),
		};
	});
}

const TAGS =
	"SELECT digest, name FROM tags WHERE repository_id = ? AND digest > ? AND digest <= ? ORDER BY digest, name";
const CHILDREN = `SELECT parent, child FROM manifest_children
	WHERE repository_id = ? AND parent > ? AND parent <= ? ORDER BY parent, child`;

const annotationMap = z.record(z.string(), z.string()).optional();

function toArtifact(row: Row): Omit<Artifact, "tags" | "children" | "isImmutable"> {
	return {
		digest: digestOf(row, "digest"),
		mediaType: textOf(row, "media_type"),
		artifactType: maybeText(row, "artifact_type"),
		subject: maybeDigest(row, "subject"),
		size: intOf(row, "size") + intOf(row, "blob_bytes"),
		pushedAt: intOf(row, "pushed_at"),
		pulledAt: maybeInt(row, "pulled_at"),
		isChild: row.is_child === 1,
		annotations: annotationMap.parse(jsonOf(row, "annotations")),
	};
}
