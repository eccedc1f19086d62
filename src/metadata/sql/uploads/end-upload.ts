import type { Refused } from "#/metadata/refusal.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { condemnObject } from "#/metadata/sql/objects/object-rows.ts";
import { dropEmptyRepositories } from "#/metadata/sql/repositories/drop-repositories.ts";
import type { Upload } from "#/metadata/uploads.ts";
import { lockUpload, writerStateOf } from "./upload-rows.ts";

/** How long a completed upload is remembered, so that completing it again answers alike, milliseconds. */
const FINISHED_MS = 3_600_000;

/** Who drops a repository with its last upload. */
const ACTOR = "collector";

/** Ends an upload and condemns its object, and drops a repository that has nothing else: see `Uploads.cancel`. */
export function* cancelUpload(
	{ repository, id, epoch }: { readonly repository: string; readonly id: string; readonly epoch?: number | undefined },
	context: StepContext,
): Step<{ readonly store: string; readonly key: string; readonly state: Upload["state"] } | Refused> {
	const row = yield* lockUpload(id, context);
	if (row === undefined || row.upload.repository !== repository) {
		return { refused: { reason: "upload-unknown", id } };
	}
	if (epoch !== undefined && epoch !== row.upload.epoch) return { refused: { reason: "upload-unknown", id } };
	const { store, key, state } = row.upload;
	yield* condemnObject({ store, key, writerState: state }, context);
	yield* all("DELETE FROM uploads WHERE id = ?", id);
	yield* dropEmptyRepositories([row.repositoryId], ACTOR, context);
	return { store, key, state };
}

/**
 * Condemns uploads that nobody touched or holds: see `Uploads.expire`. Those of deleted projects too. Repositories go
 * that have nothing else; completed uploads whose answers are long past are forgotten.
 */
export function* expireUploads(
	{ idleMs, limit }: { readonly idleMs: number; readonly limit: number },
	context: StepContext,
): Step<number> {
	yield* all(
		`DELETE FROM finished_uploads WHERE id ${context.dialect.anyOf(
			"SELECT id FROM finished_uploads WHERE finished_at < ? ORDER BY finished_at LIMIT ?",
		)}`,
		context.now - FINISHED_MS,
		Math.max(limit, 1000),
	);
	const gone = yield* all(
		`SELECT id, store, key, state, repository_id FROM uploads WHERE touched_at < ? AND lease_until < ?
		ORDER BY touched_at LIMIT ?${context.dialect.skipLocked}`,
		context.now - idleMs,
		context.now,
		limit,
	);
	for (const row of gone) {
		yield* all("DELETE FROM uploads WHERE id = ?", textOf(row, "id"));
		const writerState = writerStateOf(row, "state");
		yield* condemnObject({ store: textOf(row, "store"), key: textOf(row, "key"), writerState }, context);
	}
	yield* dropEmptyRepositories(
		gone.map((row) => intOf(row, "repository_id")),
		ACTOR,
		context,
	);
	return gone.length;
}
