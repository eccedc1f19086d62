import type { PutManifest } from "#/metadata/manifests.ts";
import type { Refusal } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { sortedJson } from "#/metadata/sql/objects/reviews.ts";

/** So many absent digests are named at most. */
const NAMED = 100;

/** Why a locked repository cannot take the manifest: content that it names and the repository does not have. */
export function* findMissing(
	repository: RepositoryFacts,
	put: PutManifest,
	context: StepContext,
): Step<Refusal | undefined> {
	const sizes = yield* linkedSizes(repository, put, context);
	const absent = [...new Set(put.blobs.map((blob) => blob.digest))].filter((digest) => !sizes.has(digest));
	const children = repository.sparseIndexes ? [] : yield* absentChildren(repository, put, context);
	if (absent.length > 0 || children.length > 0) {
		return { reason: "content-unknown", blobs: absent.slice(0, NAMED), manifests: children.slice(0, NAMED) };
	}
	for (const { digest, size } of put.blobs) {
		const actual = sizes.get(digest);
		if (actual !== undefined && actual !== size) return { reason: "size-mismatch", digest, expected: size, actual };
	}
	return undefined;
}

/** Sizes of those of the manifest's blobs that are linked here and live. */
function* linkedSizes(
	repository: RepositoryFacts,
	put: PutManifest,
	context: StepContext,
): Step<ReadonlyMap<string, number>> {
	if (put.blobs.length === 0) return new Map();
	const rows = yield* all(
		`SELECT l.digest, (
			SELECT b.size FROM blobs b WHERE b.store = l.store AND b.digest = l.digest AND b.state = 'live'
		) AS size FROM repository_blobs l WHERE l.repository_id = ? AND l.digest ${anyOf(context)}`,
		repository.id,
		sortedJson(put.blobs.map((blob) => blob.digest)),
	);
	return new Map(rows.flatMap((row) => (row.size === null ? [] : [[textOf(row, "digest"), intOf(row, "size")]])));
}

function* absentChildren(repository: RepositoryFacts, put: PutManifest, context: StepContext): Step<readonly string[]> {
	if (put.children.length === 0) return [];
	const rows = yield* all(
		`SELECT digest FROM manifests WHERE repository_id = ? AND digest ${anyOf(context)}`,
		repository.id,
		sortedJson(put.children),
	);
	const present = new Set(rows.map((row) => textOf(row, "digest")));
	return [...new Set(put.children)].filter((child) => !present.has(child));
}
