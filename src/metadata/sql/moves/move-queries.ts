import type { Move, MoveProgress, MovingRepository, WantedBlob } from "#/metadata/moves.ts";
import { digestOf, intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";

/** Digests of the blobs that a repository links and that its deleted manifests hold. Takes its id twice. */
export const REPOSITORY_DIGESTS = `SELECT digest FROM repository_blobs WHERE repository_id = ?
	UNION SELECT digest FROM deleted_manifest_blobs WHERE repository_id = ?`;

/** Projects on their way: see `Moves.list`. */
export function* listMoves({
	after,
	limit,
}: {
	readonly after: number;
	readonly limit: number;
}): Step<readonly Move[]> {
	const rows = yield* all(
		`SELECT id, uid, name, store, moving_to FROM projects
		WHERE moving_to IS NOT NULL AND deleted_at IS NULL AND id > ? ORDER BY id LIMIT ?`,
		after,
		limit,
	);
	return rows.map((row) => ({
		projectId: intOf(row, "id"),
		uid: textOf(row, "uid"),
		project: textOf(row, "name"),
		store: textOf(row, "store"),
		to: textOf(row, "moving_to"),
	}));
}

/** How far one is: see `Moves.progress`. */
export function* moveProgress({ projectId, to }: Pick<Move, "projectId" | "to">): Step<MoveProgress> {
	const row = yield* first(
		`SELECT COUNT(*) AS repositories, COUNT(CASE WHEN store = ? THEN 1 END) AS moved
		FROM repositories WHERE project_id = ?`,
		to,
		projectId,
	);
	return row === undefined
		? { repositories: 0, moved: 0 }
		: { repositories: intOf(row, "repositories"), moved: intOf(row, "moved") };
}

/** Repositories that are elsewhere: see `Moves.repositories`. */
export function* movingRepositories(request: {
	readonly projectId: number;
	readonly to: string;
	readonly after: number;
	readonly limit: number;
}): Step<readonly MovingRepository[]> {
	const { projectId, to, after, limit } = request;
	const rows = yield* all(
		"SELECT id, name, store FROM repositories WHERE project_id = ? AND store <> ? AND id > ? ORDER BY id LIMIT ?",
		projectId,
		to,
		after,
		limit,
	);
	return rows.map((row) => ({ id: intOf(row, "id"), name: textOf(row, "name"), store: textOf(row, "store") }));
}

/** Blobs that are still to be copied: see `Moves.wanting`. */
export function* wantedBlobs(request: {
	readonly repositoryId: number;
	readonly to: string;
	readonly after: string;
	readonly limit: number;
}): Step<readonly WantedBlob[]> {
	const { repositoryId, to, after, limit } = request;
	const rows = yield* all(
		`SELECT b.digest, b.size, b.store, b.key FROM (${REPOSITORY_DIGESTS}) wanted
		JOIN repositories r ON r.id = ?
		JOIN blobs b ON b.store = r.store AND b.digest = wanted.digest AND b.state = 'live'
		WHERE wanted.digest > ? AND NOT EXISTS (
			SELECT 1 FROM blobs t WHERE t.store = ? AND t.digest = wanted.digest AND t.state = 'live'
		) ORDER BY b.digest LIMIT ?`,
		repositoryId,
		repositoryId,
		repositoryId,
		after,
		to,
		limit,
	);
	return rows.map((row) => ({
		digest: digestOf(row, "digest"),
		size: intOf(row, "size"),
		store: textOf(row, "store"),
		key: textOf(row, "key"),
	}));
}
