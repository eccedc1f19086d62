import type { Refused } from "#/metadata/refusal.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { unlinkBlob as unlinkRow } from "./blob-rows.ts";

/** So many of those that use a thing are named when its deletion is refused. */
export const NAMED_USERS = 10;

/** Takes a repository's link to a blob away: see `Blobs.unlink`. */
export function* unlinkBlob(
	{ repository: name, digest, actor }: { readonly repository: string; readonly digest: Digest; readonly actor: string },
	context: StepContext,
): Step<{ readonly unlinked: true } | Refused> {
	const repository = yield* lockRepository(name, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: name } };
	const link = yield* first(
		"SELECT digest FROM repository_blobs WHERE repository_id = ? AND digest = ?",
		repository.id,
		digest,
	);
	if (link === undefined) return { refused: { reason: "blob-unknown", digest } };
	const users = yield* all(
		"SELECT manifest FROM manifest_blobs WHERE repository_id = ? AND digest = ? ORDER BY manifest LIMIT ?",
		repository.id,
		digest,
		NAMED_USERS,
	);
	if (users.length > 0) return { refused: { reason: "in-use", by: users.map((row) => textOf(row, "manifest")) } };
	const { blobBytes } = yield* unlinkRow(repository, digest, context.now);
	yield* emit(context, repository.store, { kind: "blob-unlinked", repository: name, digest, actor });
	yield* addUsage(repository, { blobBytes });
	return { unlinked: true };
}
