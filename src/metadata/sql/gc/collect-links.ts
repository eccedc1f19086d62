import type { Collected, CollectionStep } from "#/metadata/collection.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { unlinkBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { digestOf, intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { reviewAfter, touchedAt } from "#/metadata/sql/objects/reviews.ts";
import { dropEmptyRepositories } from "#/metadata/sql/repositories/drop-repositories.ts";
import { FACT_COLUMNS, toFacts } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { COLLECTOR } from "./collector.ts";
import { judgeLink } from "./judge.ts";

interface DueLink {
	readonly repositoryId: number;
	readonly digest: Digest;
}

/** Takes links away that nothing uses: see `Collection.collectLinks`. */
export function* collectLinks(step: CollectionStep, context: StepContext): Step<Collected> {
	const due = yield* dueLinks(step);
	// All repositories before anything else, in one order, so that no two commands wait for each other.
	const repositories = yield* lockRepositories(due, context);
	const freed = new Map<number, { links: number; blobBytes: number }>();
	let bytes = 0;
	for (const link of due) {
		const repository = repositories.get(link.repositoryId);
		const gone = yield* reviewLink(repository, link, step, context);
		if (gone === undefined || repository === undefined) continue;
		const sum = freed.get(repository.id) ?? { links: 0, blobBytes: 0 };
		freed.set(repository.id, { links: sum.links + 1, blobBytes: sum.blobBytes + gone.blobBytes });
		bytes -= gone.blobBytes;
	}
	const unpublished = [...freed.keys()].filter((id) => repositories.get(id)?.published === false);
	yield* dropEmptyRepositories(unpublished, COLLECTOR, context);
	let collected = 0;
	for (const [id, { links, blobBytes }] of freed) {
		collected += links;
		const repository = repositories.get(id);
		if (repository !== undefined) yield* addUsage(repository, { blobBytes });
	}
	return { reviewed: due.length, collected, bytes };
}

/** Those whose delay is over, in the order in which they are then touched. */
function* dueLinks({ touchedBefore, limit }: CollectionStep): Step<readonly DueLink[]> {
	const rows = yield* all(
		"SELECT repository_id, digest FROM gc_link_queue WHERE review_after < ? ORDER BY review_after LIMIT ?",
		reviewAfter(touchedBefore),
		limit,
	);
	return rows
		.map((row) => ({ repositoryId: intOf(row, "repository_id"), digest: digestOf(row, "digest") }))
		.toSorted((a, b) => (a.digest === b.digest ? a.repositoryId - b.repositoryId : a.digest < b.digest ? -1 : 1));
}

/** Repositories of deleted projects too. */
function* lockRepositories(
	links: readonly DueLink[],
	context: StepContext,
): Step<ReadonlyMap<number, RepositoryFacts>> {
	const repositories = new Map<number, RepositoryFacts>();
	for (const id of [...new Set(links.map((link) => link.repositoryId))].sort((a, b) => a - b)) {
		const row = yield* first(
			`SELECT ${FACT_COLUMNS} FROM (SELECT * FROM repositories WHERE id = ?${context.dialect.forNoKeyUpdate}) r
			JOIN projects p ON p.id = r.project_id`,
			id,
		);
		if (row !== undefined) repositories.set(id, toFacts(row));
	}
	return repositories;
}

/** Ends the review of a link, or takes the link away and tells what that freed. */
function* reviewLink(
	repository: RepositoryFacts | undefined,
	{ repositoryId, digest }: DueLink,
	{ touchedBefore }: CollectionStep,
	context: StepContext,
): Step<{ readonly blobBytes: number } | undefined> {
	// Looked at again under the lock: it may have been touched meanwhile.
	const row = yield* first(
		`SELECT review_after FROM gc_link_queue WHERE repository_id = ? AND digest = ? AND review_after < ?${context.dialect.forUpdate}`,
		repositoryId,
		digest,
		reviewAfter(touchedBefore),
	);
	if (row === undefined) return undefined;
	const verdict = judgeLink({ isLinked: repository !== undefined, isUsed: yield* isUsed(repositoryId, digest) });
	if (repository === undefined || verdict === "keep") {
		yield* all("DELETE FROM gc_link_queue WHERE repository_id = ? AND digest = ?", repositoryId, digest);
		return undefined;
	}
	// Nobody can have come by the blob through this link since, so that its own delay has passed with the link's.
	const { changed, blobBytes } = yield* unlinkBlob(repository, digest, touchedAt(intOf(row, "review_after")));
	if (!changed) return undefined;
	yield* emit(context, repository.store, {
		kind: "blob-unlinked",
		repository: repository.name,
		digest,
		actor: COLLECTOR,
	});
	return { blobBytes };
}

function* isUsed(repositoryId: number, digest: Digest): Step<boolean> {
	const row = yield* first(
		"SELECT manifest FROM manifest_blobs WHERE repository_id = ? AND digest = ? LIMIT 1",
		repositoryId,
		digest,
	);
	return row !== undefined;
}
