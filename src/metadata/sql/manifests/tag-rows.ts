import { digestOf, intOf, maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";

/** Where a tag stands. */
export interface TagRow {
	readonly name: string;
	readonly digest: Digest;
	/** The move that brought it there. */
	readonly move: number;
}

/** One move of a tag. */
export interface TagMove {
	readonly repositoryId: number;
	readonly name: string;
	readonly digest: Digest;
	readonly move: number;
	readonly actor: string;
	/** Milliseconds since the epoch. */
	readonly at: number;
}

/** The tags of these names that exist, by name. */
export function* findTags(
	repositoryId: number,
	names: readonly string[],
	context: StepContext,
): Step<ReadonlyMap<string, TagRow>> {
	if (names.length === 0) return new Map();
	const rows = yield* all(
		`SELECT name, digest, move FROM tags WHERE repository_id = ?
		AND name ${anyOf(context)}`,
		repositoryId,
		JSON.stringify(names),
	);
	const tags = rows.map((row) => ({
		name: textOf(row, "name"),
		digest: digestOf(row, "digest"),
		move: intOf(row, "move"),
	}));
	return new Map(tags.map((tag) => [tag.name, tag]));
}

/**
 * Counts `count` new tag moves of a locked repository: the number of the last, and the time of all, milliseconds since
 * the epoch. It is not before any earlier move's, although this command may have begun before that one.
 */
export function* countMoves(
	repositoryId: number,
	count: number,
	now: number,
): Step<{ readonly last: number; readonly at: number }> {
	const row = yield* first(
		`UPDATE repositories SET moves = moves + ?, changes = changes + 1, moved_at = CASE WHEN moved_at > ? THEN moved_at ELSE ? END
		WHERE id = ? RETURNING moves, moved_at`,
		count,
		now,
		now,
		repositoryId,
	);
	if (row === undefined) throw new Error(`repository ${repositoryId} went away under its lock`);
	return { last: intOf(row, "moves"), at: intOf(row, "moved_at") };
}

/** Points a tag at a manifest, whether it exists or not, and goes on with its history. */
export function* moveTag(move: TagMove): Step<void> {
	yield* endHistory(move);
	yield* all(
		`INSERT INTO tag_history (repository_id, name, move, digest, started_at, started_by, ended_at, ended_by)
		VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)`,
		move.repositoryId,
		move.name,
		move.move,
		move.digest,
		move.at,
		move.actor,
	);
	yield* all(
		`INSERT INTO tags (repository_id, name, digest, move) VALUES (?, ?, ?, ?)
		ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, move = excluded.move`,
		move.repositoryId,
		move.name,
		move.digest,
		move.move,
	);
}

/** Where a tag ends; `until` is for how long that is remembered, if that is known. */
type TagEnd = Pick<TagMove, "repositoryId" | "name" | "actor" | "at"> & { readonly until?: number | undefined };

/** Takes a tag away and ends its history. */
export function* dropTag(tag: TagEnd): Step<void> {
	yield* endHistory(tag);
	yield* all("DELETE FROM tags WHERE repository_id = ? AND name = ?", tag.repositoryId, tag.name);
}

function* endHistory(tag: TagEnd): Step<void> {
	yield* all(
		"UPDATE tag_history SET ended_at = ?, ended_by = ?, kept_until = ? WHERE repository_id = ? AND name = ? AND ended_at IS NULL",
		tag.at,
		tag.actor,
		tag.until ?? (yield* keptUntil(tag)),
		tag.repositoryId,
		tag.name,
	);
}

/** Until when a place that a tag loses is remembered: through its window, and no shorter than the one before it. */
function* keptUntil({ repositoryId, name, at }: Pick<TagMove, "repositoryId" | "name" | "at">): Step<number> {
	const row = yield* first(
		`SELECT p.undo_window, (
			SELECT h.kept_until FROM tag_history h WHERE h.repository_id = r.id AND h.name = ? AND h.ended_at IS NOT NULL
			ORDER BY h.move DESC LIMIT 1
		) AS kept_until FROM repositories r JOIN projects p ON p.id = r.project_id WHERE r.id = ?`,
		name,
		repositoryId,
	);
	const end = row === undefined ? at : at + intOf(row, "undo_window");
	return Math.max(end, row === undefined ? 0 : (maybeInt(row, "kept_until") ?? 0));
}
