import type { RestoreOutcome } from "#/metadata/history.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { linkBlob } from "#/metadata/sql/blobs/blob-rows.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { insertManifest } from "#/metadata/sql/manifests/manifest-rows.ts";
import { moveTags } from "#/metadata/sql/manifests/put-manifest.ts";
import { findTags } from "#/metadata/sql/manifests/tag-rows.ts";
import { reviewManifests } from "#/metadata/sql/objects/reviews.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage, sumOf, type UsageChange } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { type DeletedManifest, type DeletedTag, dropDeleted } from "./deleted-rows.ts";
import { planRestore } from "./plan-restore.ts";

/** What {@link restoreManifest} takes. */
export interface RestoreManifestInput {
	readonly repository: string;
	readonly digest: Digest;
	readonly actor: string;
}

/** Brings a deleted manifest back with its tags: see `History.restoreManifest`. */
export function* restoreManifest(
	{ repository: name, digest, actor }: RestoreManifestInput,
	context: StepContext,
): Step<RestoreOutcome> {
	const repository = yield* lockRepository(name, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: name } };
	const plan = yield* planRestore(repository, digest, context);
	if ("refused" in plan) return plan;
	const had = plan.manifests.find((manifest) => manifest.digest === digest)?.deleted.tags ?? [];
	const usage = yield* bringBack(repository, { manifests: plan.manifests, actor }, context);
	const names = had.map(({ tag }) => tag);
	const tags = yield* stillThere(repository.id, had);
	const present = yield* findTags(repository.id, tags, context);
	yield* moveTags({ repository, put: { digest, tags, actor }, tags: present }, context);
	yield* addUsage(repository, usage);
	const manifests = plan.manifests.map((manifest) => manifest.digest);
	return { digest, manifests, tags, moved: names.filter((tag) => !tags.includes(tag)) };
}

/** What {@link bringBack} takes. */
interface Return {
	readonly manifests: readonly DeletedManifest[];
	readonly actor: string;
}

/** Makes deleted manifests manifests of a locked repository again, with links to their blobs. */
export function* bringBack(
	repository: RepositoryFacts,
	{ manifests, actor }: Return,
	context: StepContext,
): Step<UsageChange> {
	let usage: UsageChange = {};
	for (const manifest of manifests) {
		for (const digest of manifest.blobs) {
			usage = sumOf(usage, { blobBytes: yield* linkHeld(repository, { digest, actor }, context) });
		}
		usage = sumOf(usage, yield* insertAgain(repository, { manifest, actor }, context));
		usage = sumOf(usage, yield* dropDeleted(repository, manifest.digest, context));
	}
	return usage;
}

/** Links a blob that a deleted manifest holds, unless its link is still there. */
function* linkHeld(
	repository: RepositoryFacts,
	{ digest, actor }: { readonly digest: Digest; readonly actor: string },
	context: StepContext,
): Step<number> {
	const { store, name } = repository;
	const blob = yield* first("SELECT size FROM blobs WHERE store = ? AND digest = ?", store, digest);
	if (blob === undefined) throw new Error(`the blob ${digest} went while it was held`);
	const size = intOf(blob, "size");
	const { changed, blobBytes } = yield* linkBlob(repository, { digest, size, actor, at: context.now }, context);
	if (changed) yield* emit(context, store, { kind: "blob-linked", repository: name, digest, size, actor });
	return blobBytes;
}

function* insertAgain(
	repository: RepositoryFacts,
	{ manifest, actor }: { readonly manifest: DeletedManifest; readonly actor: string },
	context: StepContext,
): Step<UsageChange> {
	const { pushed, deleted: _, ...content } = manifest;
	const change = yield* insertManifest(repository, { ...content, actor: pushed.by, at: pushed.at }, context);
	yield* emit(context, repository.store, {
		...content,
		kind: "manifest-put",
		repository: repository.name,
		blobs: [...content.blobs],
		children: [...content.children],
		payload: Buffer.from(content.payload).toString("base64"),
		pushed,
		actor,
	});
	yield* reviewManifests(repository.id, [manifest.digest], "manifest-put", context);
	return change;
}

/** Those of the tags that nobody has moved since the move that went with the manifest. */
function* stillThere(repositoryId: number, tags: readonly DeletedTag[]): Step<readonly string[]> {
	const names: string[] = [];
	for (const { tag, move } of tags) {
		const last = yield* first(
			"SELECT move FROM tag_history WHERE repository_id = ? AND name = ? ORDER BY move DESC LIMIT 1",
			repositoryId,
			tag,
		);
		if (last?.move === move) names.push(tag);
	}
	return names;
}
