import type { Refused } from "#/metadata/refusal.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import {
	abandonRepository,
	ensureRepository,
	findRepository,
	keepRepository,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { linkBlob, lockLiveBlob } from "./blob-rows.ts";

/** What {@link mountBlob} takes. */
export interface MountInput {
	readonly repository: string;
	readonly digest: Digest;
	readonly from: string;
	readonly actor: string;
}

/** Links a blob of one repository into another of the same store: see `Blobs.mount`. */
export function* mountBlob(
	{ repository: name, digest, from, actor }: MountInput,
	context: StepContext,
): Step<{ readonly mounted: boolean } | Refused> {
	const ensured = yield* ensureRepository(name, context);
	if ("refused" in ensured) return ensured;
	const { repository } = ensured;
	const blob = (yield* isLinked(from, repository.store, digest))
		? yield* lockLiveBlob(repository.store, digest, context)
		: undefined;
	if (blob === undefined) {
		yield* abandonRepository(ensured);
		return { mounted: false };
	}
	const repositories = yield* keepRepository(ensured, actor, context);
	const { size } = blob;
	const { changed, blobBytes } = yield* linkBlob(repository, { digest, size, actor, at: context.now }, context);
	if (changed) {
		yield* emit(context, repository.store, { kind: "blob-linked", repository: name, digest, size, from, actor });
	}
	yield* addUsage(repository, { blobBytes, repositories });
	return { mounted: true };
}

/** Whether the source repository lies in this store and has the blob. */
function* isLinked(from: string, store: string, digest: Digest): Step<boolean> {
	const source = yield* findRepository(from);
	if (source === undefined || source.store !== store) return false;
	const link = yield* first(
		"SELECT digest FROM repository_blobs WHERE repository_id = ? AND digest = ?",
		source.id,
		digest,
	);
	return link !== undefined;
}
