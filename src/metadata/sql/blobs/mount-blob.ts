import type { Refused } from "#/metadata/refusal.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import {
	abandonRepository,
	ensureRepository,
	findRepository,
	keepRepository,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import { addedBytes, guardQuota } from "#/metadata/sql/usage/quota-guard.ts";
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
	const size = yield* linkedSize(from, repository.store, digest);
	const refused =
		size === undefined
			? undefined
			: yield* guardQuota(repository, yield* addedBytes(repository, { digest, size }), context);
	const blob =
		size === undefined || refused !== undefined ? undefined : yield* lockLiveBlob(repository.store, digest, context);
	if (blob === undefined) {
		yield* abandonRepository(ensured);
		return refused === undefined ? { mounted: false } : { refused };
	}
	const repositories = yield* keepRepository(ensured, actor, context);
	const { changed, blobBytes } = yield* linkBlob(
		repository,
		{ digest, size: blob.size, actor, at: context.now },
		context,
	);
	if (changed) {
		yield* emit(context, repository.store, {
			kind: "blob-linked",
			repository: name,
			digest,
			size: blob.size,
			from,
			actor,
		});
	}
	yield* addUsage(repository, { blobBytes, repositories });
	return { mounted: true };
}

/** Bytes of a blob that the source repository has, if that lies in this store and the blob is not being collected. */
function* linkedSize(from: string, store: string, digest: Digest): Step<number | undefined> {
	const source = yield* findRepository(from);
	if (source === undefined || source.store !== store) return undefined;
	const row = yield* first(
		`SELECT b.size FROM repository_blobs l JOIN blobs b ON b.store = l.store AND b.digest = l.digest
		WHERE l.repository_id = ? AND l.digest = ? AND b.state = 'live'`,
		source.id,
		digest,
	);
	return row && intOf(row, "size");
}
