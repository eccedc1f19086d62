import type { RestoreRefusal } from "#/metadata/history.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { hasManifest } from "#/metadata/sql/manifests/manifest-rows.ts";
import type { Digest } from "#/oci/digest.ts";
import { type DeletedManifest, findDeleted } from "./deleted-rows.ts";

/** So many absent digests are named at most. */
const NAMED = 10;

/** What has to be brought back so that a manifest is there whole, children of an index first; or why it cannot be. */
export type RestorePlan = { readonly manifests: readonly DeletedManifest[] } | { readonly refused: RestoreRefusal };

/** Plans how a manifest comes back into a locked repository; empty where it is there. Writes nothing. */
export function* planRestore(repository: RepositoryFacts, digest: Digest, context: StepContext): Step<RestorePlan> {
	const planned = new Map<Digest, DeletedManifest>();
	const gone: string[] = [];
	const pending: Digest[] = [digest];
	for (let wanted = pending.pop(); wanted !== undefined && gone.length < NAMED; wanted = pending.pop()) {
		if (planned.has(wanted) || (yield* hasManifest(repository.id, wanted))) continue;
		const deleted = yield* findDeleted(repository.id, wanted, context.now);
		if (deleted === undefined) {
			if (wanted === digest) return { refused: { reason: "manifest-unknown", digest } };
			if (!repository.sparseIndexes) gone.push(wanted);
			continue;
		}
		planned.set(wanted, deleted);
		gone.push(...(yield* absentBlobs(repository.id, deleted)));
		pending.push(...deleted.children);
	}
	if (gone.length > 0) return { refused: { reason: "content-unknown", digests: gone.slice(0, NAMED) } };
	return { manifests: [...planned.values()].toReversed() };
}

/** Blobs of a deleted manifest that it does not hold: only where a rebuild did not find them. */
function* absentBlobs(repositoryId: number, { digest, blobs }: DeletedManifest): Step<readonly Digest[]> {
	const rows = yield* all(
		"SELECT digest FROM deleted_manifest_blobs WHERE repository_id = ? AND manifest = ?",
		repositoryId,
		digest,
	);
	const held = new Set(rows.map((row) => textOf(row, "digest")));
	return blobs.filter((blob) => !held.has(blob));
}
