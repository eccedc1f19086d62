import type { Expired } from "#/metadata/history.ts";
import { digestOf, intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { forgetUses } from "#/metadata/sql/manifests/use-rows.ts";
import { FACT_COLUMNS, toFacts } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage, sumOf } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { dropDeleted } from "./deleted-rows.ts";
import { pruneHistory } from "./prune-history.ts";

/** Ends the windows that are over: see `History.expire`. A rebuild ends them by their time, so that no record tells of it. */
export function* expireDeleted({ limit }: { readonly limit: number }, context: StepContext): Step<Expired> {
	const rows = yield* all(
		`SELECT repository_id, digest FROM deleted_manifests WHERE restorable_until <= ?
		ORDER BY restorable_until LIMIT ?`,
		context.now,
		limit,
	);
	const due = Map.groupBy(rows, (row) => intOf(row, "repository_id"));
	let ended = 0;
	// In one order, so that no two commands wait for each other.
	for (const id of [...due.keys()].sort((a, b) => a - b)) {
		const digests = (due.get(id) ?? []).map((row) => digestOf(row, "digest"));
		ended += yield* expireIn(id, digests, context);
	}
	return { manifests: ended, places: yield* pruneHistory(limit - ended, context) };
}

/** Repositories of deleted projects too. */
function* expireIn(id: number, digests: readonly Digest[], context: StepContext): Step<number> {
	const row = yield* first(
		`SELECT ${FACT_COLUMNS} FROM (SELECT * FROM repositories WHERE id = ?${context.dialect.forNoKeyUpdate}) r
		JOIN projects p ON p.id = r.project_id`,
		id,
	);
	if (row === undefined) throw new Error(`repository ${id} went away before what was deleted from it`);
	const repository = toFacts(row);
	let usage = {};
	let ended = 0;
	for (const digest of digests.toSorted()) {
		// Another may have brought it back, and deleted it anew, before the lock.
		const due = yield* first(
			"SELECT digest FROM deleted_manifests WHERE repository_id = ? AND digest = ? AND restorable_until <= ?",
			id,
			digest,
			context.now,
		);
		if (due === undefined) continue;
		usage = sumOf(usage, yield* dropDeleted(repository, digest, context));
		yield* forgetUses(id, digest);
		ended += 1;
	}
	yield* addUsage(repository, usage);
	return ended;
}
