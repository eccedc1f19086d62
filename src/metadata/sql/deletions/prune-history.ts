import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/**
 * Forgets places of tags that cannot be restored any more, at most `limit`; answers how many. Of the places of one tag
 * the first go first, and one outlives what was deleted while it was the last: see `kept_until`.
 */
export function* pruneHistory(limit: number, context: StepContext): Step<number> {
	if (limit === 0) return 0;
	const rows = yield* all(
		`DELETE FROM tag_history WHERE (repository_id, name, move) IN (
			SELECT repository_id, name, move FROM tag_history WHERE kept_until <= ? ORDER BY kept_until LIMIT ?
		) RETURNING move`,
		context.now,
		limit,
	);
	return rows.length;
}
