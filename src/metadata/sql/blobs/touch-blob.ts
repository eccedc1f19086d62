import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { type LinkEvent, reviewAfter } from "#/metadata/sql/objects/reviews.ts";
import { findRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import type { Digest } from "#/oci/digest.ts";

const EVENT: LinkEvent = "blob-pulled";

/** Starts the delay of a link's review anew: see `Blobs.touch`. The review and this wait for each other on its row. */
export function* touchBlob(
	{ repository: name, digest }: { readonly repository: string; readonly digest: Digest },
	context: StepContext,
): Step<boolean> {
	const repository = yield* findRepository(name);
	if (repository === undefined) return false;
	const touched = yield* first(
		`UPDATE gc_link_queue SET review_after = ?, event = ? WHERE repository_id = ? AND digest = ? RETURNING digest`,
		reviewAfter(context.now),
		EVENT,
		repository.id,
		digest,
	);
	return touched !== undefined;
}
