import type { FoundBlob } from "#/metadata/blobs.ts";
import { intOf, maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";
import { touchedAt } from "#/metadata/sql/objects/reviews.ts";
import { FACT_COLUMNS, findRepository, toFacts, visible } from "#/metadata/sql/repositories/repository-rows.ts";
import type { Digest } from "#/oci/digest.ts";
import { projectOf } from "#/oci/name.ts";

const FIND = `SELECT ${FACT_COLUMNS}, b.key, b.size, q.review_after
	FROM repositories r JOIN projects p ON p.id = r.project_id
	LEFT JOIN repository_blobs l ON l.repository_id = r.id AND l.digest = ?
	LEFT JOIN blobs b ON b.store = l.store AND b.digest = l.digest AND b.state = 'live'
	LEFT JOIN gc_link_queue q ON q.repository_id = l.repository_id AND q.digest = l.digest
	WHERE r.name = ? AND ${visible}`;

/** The blob as a repository sees it: see `Blobs.find`. One statement, prepared once. */
export function* findBlob({
	repository,
	digest,
}: {
	readonly repository: string;
	readonly digest: Digest;
}): Step<FoundBlob | undefined> {
	const row = yield* first(FIND, digest, repository);
	if (row === undefined) return undefined;
	const facts = toFacts(row);
	if (row.key === null) return { repository: facts, blob: undefined };
	const blob = { digest, size: intOf(row, "size"), store: facts.store, key: textOf(row, "key") };
	const after = maybeInt(row, "review_after");
	return { repository: facts, blob, ...(after === undefined ? {} : { touchedAt: touchedAt(after) }) };
}

/** Repositories of the same project that have the blob: see `Blobs.holders`. The repository need not exist yet. */
export function* blobHolders(input: {
	readonly repository: string;
	readonly digest: Digest;
	readonly limit: number;
}): Step<readonly string[]> {
	const place = yield* placeOf(input.repository);
	if (place === undefined) return [];
	// Which ones, where there are more, is left to the index; only those found are put in order.
	const rows = yield* all(
		`SELECT r.name FROM (
			SELECT repository_id FROM repository_blobs
			WHERE store = ? AND digest = ? AND project_id = ? ORDER BY repository_id LIMIT ?
		) l JOIN repositories r ON r.id = l.repository_id WHERE r.deleted_at IS NULL`,
		place.store,
		input.digest,
		place.projectId,
		input.limit,
	);
	return rows.map((row) => textOf(row, "name")).toSorted();
}

/** The project and store that the repository has, or would have. */
function* placeOf(name: string): Step<{ readonly projectId: number; readonly store: string } | undefined> {
	const repository = yield* findRepository(name);
	if (repository !== undefined) return repository;
	const row = yield* first("SELECT id, store FROM projects WHERE name = ? AND deleted_at IS NULL", projectOf(name));
	return row && { projectId: intOf(row, "id"), store: textOf(row, "store") };
}
