import { z } from "zod";
import { digestOf, intOf, jsonOf, maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { findRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import type { AttachedManifest, ChangedRepository, TagState } from "#/metadata/tag-states.ts";
import { type Digest, isDigest } from "#/oci/digest.ts";

/** A page of one repository. */
export interface RepositoryPage {
	readonly repository: string;
	readonly last?: string | undefined;
	readonly limit: number;
}

/** Where tags point: see `TagStates.list`. */
export function* listTagStates({ repository, last, limit }: RepositoryPage): Step<readonly TagState[] | undefined> {
	const found = yield* findRepository(repository);
	if (found === undefined || !found.published) return undefined;
	const rows = yield* all(
		`SELECT t.name, t.digest, h.started_at FROM tags t
		LEFT JOIN tag_history h ON h.repository_id = t.repository_id AND h.name = t.name AND h.move = t.move
		WHERE t.repository_id = ? AND t.name > ? ORDER BY t.name LIMIT ?`,
		found.id,
		last ?? "",
		limit,
	);
	return rows.map((row) => ({
		tag: textOf(row, "name"),
		digest: digestOf(row, "digest"),
		movedAt: maybeInt(row, "started_at") ?? 0,
	}));
}

/** What references name: see `TagStates.digests`. */
export function* findTagDigests(
	{ repository, references }: { readonly repository: string; readonly references: readonly string[] },
	context: StepContext,
): Step<readonly { readonly reference: string; readonly digest: Digest }[]> {
	const found = yield* findRepository(repository);
	if (found === undefined) return [];
	const tags = references.filter((reference) => !isDigest(reference));
	const digests = references.filter(isDigest);
	const byTag =
		tags.length === 0
			? []
			: yield* all(
					`SELECT name, digest FROM tags WHERE repository_id = ? AND name ${anyOf(context)}`,
					found.id,
					JSON.stringify(tags),
				);
	const byDigest =
		digests.length === 0
			? []
			: yield* all(
					`SELECT digest FROM manifests WHERE repository_id = ? AND digest ${anyOf(context)}`,
					found.id,
					JSON.stringify(digests),
				);
	return [
		...byTag.map((row) => ({ reference: textOf(row, "name"), digest: digestOf(row, "digest") })),
		...byDigest.map((row) => ({ reference: textOf(row, "digest"), digest: digestOf(row, "digest") })),
	];
}

const Digests = z.array(z.string().refine(isDigest));

/** Manifests that refer to others: see `TagStates.attached`. */
export function* listAttached(
	{ repository, last, limit }: RepositoryPage,
	context: StepContext,
): Step<readonly AttachedManifest[]> {
	const found = yield* findRepository(repository);
	if (found === undefined) return [];
	const parents =
		context.dialect.name === "sqlite"
			? "json_group_array(c.parent)"
			: "CAST(COALESCE(json_agg(c.parent), '[]') AS TEXT)";
	const rows = yield* all(
		`SELECT m.digest, m.subject, m.pushed_at, (
			SELECT ${parents} FROM manifest_children c WHERE c.repository_id = m.repository_id AND c.child = m.subject
		) AS parents
		FROM manifests m WHERE m.repository_id = ? AND m.subject IS NOT NULL AND m.digest > ? ORDER BY m.digest LIMIT ?`,
		found.id,
		last ?? "",
		limit,
	);
	return rows.map((row) => ({
		digest: digestOf(row, "digest"),
		subject: digestOf(row, "subject"),
		pushedAt: intOf(row, "pushed_at"),
		parents: Digests.parse(jsonOf(row, "parents")),
	}));
}

/** What {@link listChanged} takes. */
export interface ChangedPage {
	readonly since: number;
	readonly after?: ChangedRepository | undefined;
	readonly limit: number;
}

/** Repositories that changed lately: see `TagStates.changed`. */
export function* listChanged({ since, after, limit }: ChangedPage): Step<readonly ChangedRepository[]> {
	const rows = yield* all(
		`SELECT name, moved_at, changes FROM repositories WHERE (moved_at, name) > (?, ?) AND moved_at >= ?
		AND published_at IS NOT NULL AND deleted_at IS NULL ORDER BY moved_at, name LIMIT ?`,
		Math.floor(after?.at ?? since),
		after?.repository ?? "",
		Math.floor(since),
		limit,
	);
	return rows.map((row) => ({ repository: textOf(row, "name"), at: timeOfChange(row) }));
}

/** The time of a change, and as its fraction a number that the next change of the same millisecond does not have. */
const timeOfChange = (row: Row): number => intOf(row, "moved_at") + (intOf(row, "changes") % 1_000) / 1_000;
