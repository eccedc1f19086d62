import { z } from "zod";
import type { ManifestHead, ReferrerRow } from "#/metadata/manifests.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { bytesOf, digestOf, intOf, jsonOf, maybeText, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Row, type Step } from "#/metadata/sql/engine/statement.ts";
import { FACT_COLUMNS, findRepository, toFacts, visible } from "#/metadata/sql/repositories/repository-rows.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Reference } from "#/oci/reference.ts";

/** One statement finds repository, tag and manifest; built once each, so that they are prepared once. */
const finders = {
	tag: { head: finder("tag", ""), whole: finder("tag", ", m.payload") },
	digest: { head: finder("digest", ""), whole: finder("digest", ", m.payload") },
} as const;

function finder(by: Reference["kind"], payload: string): string {
	const join =
		by === "tag"
			? `LEFT JOIN tags t ON t.repository_id = r.id AND t.name = ?
			LEFT JOIN manifests m ON m.repository_id = r.id AND m.digest = t.digest`
			: "LEFT JOIN manifests m ON m.repository_id = r.id AND m.digest = ?";
	return `SELECT ${FACT_COLUMNS}, m.digest, m.media_type, m.size${payload}
		FROM repositories r JOIN projects p ON p.id = r.project_id ${join} WHERE r.name = ? AND ${visible}`;
}

/** What {@link findManifest} answers. */
export interface FoundManifest {
	readonly repository: RepositoryFacts;
	readonly manifest: (ManifestHead & { readonly payload?: Uint8Array }) | undefined;
}

/** The manifest of a reference and its repository: see `Manifests.find`. */
export function* findManifest(input: {
	readonly repository: string;
	readonly reference: Reference;
	readonly payload: boolean;
}): Step<FoundManifest | undefined> {
	const { reference, payload } = input;
	const sql = finders[reference.kind][payload ? "whole" : "head"];
	const wanted = reference.kind === "tag" ? reference.tag : reference.digest;
	const row = yield* first(sql, wanted, input.repository);
	if (row === undefined) return undefined;
	const repository = toFacts(row);
	if (row.digest === null) return { repository, manifest: undefined };
	const head = toHead(row);
	return { repository, manifest: payload ? { ...head, payload: bytesOf(row, "payload") } : head };
}

/** What {@link listTags} takes. */
export interface TagsInput {
	readonly repository: string;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** A page of tags: see `Manifests.tags`. */
export function* listTags({ repository: name, last, limit }: TagsInput): Step<readonly string[] | undefined> {
	const repository = yield* findRepository(name);
	if (repository === undefined || !repository.published) return undefined;
	const rows = yield* all(
		"SELECT name FROM tags WHERE repository_id = ? AND name > ? ORDER BY name LIMIT ?",
		repository.id,
		last ?? "",
		limit,
	);
	return rows.map((row) => textOf(row, "name"));
}

/** What {@link listReferrers} takes. */
export interface ReferrersInput {
	readonly repository: string;
	readonly subject: Digest;
	readonly artifactType?: string | undefined;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** A page of referrers: see `Manifests.referrers`. */
export function* listReferrers(input: ReferrersInput): Step<readonly ReferrerRow[]> {
	const repository = yield* findRepository(input.repository);
	if (repository === undefined) return [];
	const { subject, artifactType, last = "", limit } = input;
	const rows =
		artifactType === undefined
			? yield* all(
					`SELECT digest, media_type, size, artifact_type, annotations FROM manifests
					WHERE repository_id = ? AND subject = ? AND digest > ? ORDER BY digest LIMIT ?`,
					repository.id,
					subject,
					last,
					limit,
				)
			: yield* all(
					`SELECT digest, media_type, size, artifact_type, annotations FROM manifests
					WHERE repository_id = ? AND subject = ? AND artifact_type = ? AND digest > ? ORDER BY digest LIMIT ?`,
					repository.id,
					subject,
					artifactType,
					last,
					limit,
				);
	return rows.map(toReferrer);
}

const annotationMap = z.record(z.string(), z.string()).optional();

function toReferrer(row: Row): ReferrerRow {
	return {
		...toHead(row),
		artifactType: maybeText(row, "artifact_type"),
		annotations: annotationMap.parse(jsonOf(row, "annotations")),
	};
}

function toHead(row: Row): ManifestHead {
	return { digest: digestOf(row, "digest"), mediaType: textOf(row, "media_type"), size: intOf(row, "size") };
}
