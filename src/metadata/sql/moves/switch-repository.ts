import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { isHeld } from "#/metadata/sql/journal/is-held.ts";
import { reviewAfter } from "#/metadata/sql/objects/reviews.ts";
import { FACT_COLUMNS, toFacts } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { emitRepository } from "./emit-repository.ts";
import { REPOSITORY_DIGESTS } from "./move-queries.ts";

/** Each link of a repository and each hold of its deleted manifests. Takes its id twice. */
const REPOSITORY_LINKS = `SELECT digest FROM repository_blobs WHERE repository_id = ?
	UNION ALL SELECT digest FROM deleted_manifest_blobs WHERE repository_id = ?`;

/** What {@link switchRepository} takes. */
export interface SwitchInput {
	readonly repositoryId: number;
	readonly to: string;
	readonly fence: number;
}

/** Puts a repository into another store at once: see `Moves.switch`. */
export function* switchRepository(
	{ repositoryId, to, fence }: SwitchInput,
	context: StepContext,
): Step<"moved" | "incomplete" | "lost"> {
	if (!(yield* isHeld(fence, context))) return "lost";
	const row = yield* first(
		`SELECT ${FACT_COLUMNS}, p.revision FROM
		(SELECT * FROM repositories WHERE id = ?${context.dialect.forUpdate}) r JOIN projects p ON p.id = r.project_id`,
		repositoryId,
	);
	if (row === undefined) return "moved";
	const repository = toFacts(row);
	if (repository.store === to) return "moved";
	if (!(yield* hasAll(repository, to, context))) return "incomplete";
	const blobBytes = yield* recount(repository, to);
	yield* releaseBlobs(repository, context);
	const { id } = repository;
	yield* all("UPDATE repository_blobs SET store = ? WHERE repository_id = ?", to, id);
	yield* all("UPDATE deleted_manifest_blobs SET store = ? WHERE repository_id = ?", to, id);
	yield* all("UPDATE repositories SET store = ?, placement = ? WHERE id = ?", to, intOf(row, "revision"), id);
	yield* emitRepository(repository, to);
	yield* addUsage(repository, { blobBytes });
	return "moved";
}

/** Whether the store has what the repository has; its blobs stay then until the end of the command. */
function* hasAll({ id, store }: RepositoryFacts, to: string, context: StepContext): Step<boolean> {
	// Locked before they are looked at: a collector that has one of them locked has condemned it by then.
	yield* all(
		`SELECT digest FROM blobs WHERE store = ? AND state = 'live' AND digest IN (${REPOSITORY_DIGESTS})
		ORDER BY digest${context.dialect.forShare}`,
		to,
		id,
		id,
	);
	const missing = yield* first(
		`SELECT wanted.digest FROM (${REPOSITORY_DIGESTS}) wanted
		JOIN blobs b ON b.store = ? AND b.digest = wanted.digest AND b.state = 'live'
		WHERE NOT EXISTS (SELECT 1 FROM blobs t WHERE t.store = ? AND t.digest = wanted.digest AND t.state = 'live')
		LIMIT 1`,
		id,
		id,
		store,
		to,
	);
	return missing === undefined;
}

/** Counts the project's links in the other store; answers by how many bytes its use grew, as content in both counts twice. */
function* recount({ id, projectId, store }: RepositoryFacts, to: string): Step<number> {
	const added = yield* first(
		`SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) AS bytes FROM (${REPOSITORY_DIGESTS}) wanted
		JOIN blobs b ON b.store = ? AND b.digest = wanted.digest
		WHERE NOT EXISTS (SELECT 1 FROM project_blobs k WHERE k.project_id = ? AND k.store = ? AND k.digest = wanted.digest)`,
		id,
		id,
		to,
		projectId,
		to,
	);
	yield* all(
		`INSERT INTO project_blobs (project_id, store, digest, size, links)
		SELECT CAST(? AS BIGINT), CAST(? AS TEXT), linked.digest, b.size, COUNT(*) FROM (${REPOSITORY_LINKS}) linked
		JOIN blobs b ON b.store = ? AND b.digest = linked.digest WHERE 1 = 1
		GROUP BY linked.digest, b.size ORDER BY linked.digest
		ON CONFLICT (project_id, store, digest) DO UPDATE SET links = project_blobs.links + excluded.links`,
		projectId,
		to,
		id,
		id,
		to,
	);
	yield* all(
		`UPDATE project_blobs SET links = links - (
			SELECT COUNT(*) FROM repository_blobs l WHERE l.repository_id = ? AND l.digest = project_blobs.digest
		) - (
			SELECT COUNT(*) FROM deleted_manifest_blobs h
			WHERE h.store = project_blobs.store AND h.digest = project_blobs.digest AND h.repository_id = ?
		) WHERE project_id = ? AND store = ? AND digest IN (${REPOSITORY_DIGESTS})`,
		id,
		id,
		projectId,
		store,
		id,
		id,
	);
	const left = `project_id = ? AND store = ? AND links <= 0 AND digest IN (${REPOSITORY_DIGESTS})`;
	const removed = yield* first(
		`SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) AS bytes FROM project_blobs WHERE ${left}`,
		projectId,
		store,
		id,
		id,
	);
	yield* all(`DELETE FROM project_blobs WHERE ${left}`, projectId, store, id, id);
	return (added === undefined ? 0 : intOf(added, "bytes")) - (removed === undefined ? 0 : intOf(removed, "bytes"));
}

/** What the repository had in the old store is looked at when its delay is over: others may have it too. */
function* releaseBlobs({ id, store }: RepositoryFacts, context: StepContext): Step<void> {
	yield* all(
		`INSERT INTO gc_blob_queue (store, digest, review_after, review_count, event)
		SELECT CAST(? AS TEXT), left_behind.digest, CAST(? AS BIGINT), 0, 'blob-unlinked'
		FROM (${REPOSITORY_DIGESTS}) left_behind WHERE 1 = 1 ORDER BY left_behind.digest
		ON CONFLICT (store, digest) DO UPDATE SET
			review_after = CASE WHEN excluded.review_after > gc_blob_queue.review_after
				THEN excluded.review_after ELSE gc_blob_queue.review_after END,
			event = excluded.event`,
		store,
		reviewAfter(context.now),
		id,
		id,
	);
}
