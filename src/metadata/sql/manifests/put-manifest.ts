import type { PutManifest, PutManifestOutcome } from "#/metadata/manifests.ts";
import type { Refusal, Refused } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { dropDeleted } from "#/metadata/sql/deletions/deleted-rows.ts";
import type { Step, StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { reviewManifests } from "#/metadata/sql/objects/reviews.ts";
import { guardTags } from "#/metadata/sql/projects/immutability.ts";
import {
	abandonRepository,
	ensureRepository,
	keepRepository,
	publishRepository,
} from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage, sumOf } from "#/metadata/sql/usage/add-usage.ts";
import { guardQuota } from "#/metadata/sql/usage/quota-guard.ts";
import type { Digest } from "#/oci/digest.ts";
import { insertManifest, standingOf } from "./manifest-rows.ts";
import { findMissing } from "./missing-content.ts";
import { conditionHolds } from "./tag-condition.ts";
import { countMoves, findTags, moveTag, type TagRow } from "./tag-rows.ts";
import { noteUses } from "./use-rows.ts";

/** Stores a manifest and moves its tags, or refuses whole: see `Manifests.put`. */
export function* putManifest(put: PutManifest, context: StepContext): Step<PutManifestOutcome | Refused> {
	const ensured = yield* ensureRepository(put.repository, context);
	if ("refused" in ensured) return ensured;
	const { repository } = ensured;
	const tags = yield* findTags(repository.id, put.tags, context);
	const standing = yield* standingOf(repository.id, put.digest);
	const isNew = standing !== "here";
	// The bytes of a deleted one count already.
	const added = standing === "deleted" ? 0 : put.payload.byteLength;
	const refused =
		preconditionRefusal(put, { tags, isNew }) ??
		(yield* guardTags(repository, movingTags(put, tags))) ??
		(isNew ? yield* refuseNew(repository, { put, added }, context) : undefined);
	if (refused !== undefined) {
		yield* abandonRepository(ensured);
		return { refused };
	}
	const repositories = yield* keepRepository(ensured, put.actor, context);
	const change = isNew ? yield* store(repository, put, context) : {};
	const dropped = standing === "deleted" ? yield* dropDeleted(repository, put.digest, context) : undefined;
	yield* moveTags({ repository, put, tags }, context);
	// A referrer without a tag changes what its subject's repository shows: who follows changes must hear of it.
	if (isNew && put.subject !== undefined && put.tags.length === 0) yield* countMoves(repository.id, 0, context.now);
	if (!isNew) {
		yield* noteUses(repository.id, { digest: put.digest, pulledAt: undefined, pushedAt: context.now });
	}
	yield* reviewManifests(repository.id, [put.digest], "manifest-put", context);
	yield* addUsage(repository, sumOf({ ...change, repositories }, dropped));
	yield* publishRepository(repository, context.now, context);
	return { created: isNew, previous: put.tags.map((tag) => tags.get(tag)?.digest) };
}

/** Why the repository cannot take a manifest that it does not have: for what that names, or for its own bytes. */
function* refuseNew(
	repository: RepositoryFacts,
	{ put, added }: { readonly put: PutManifest; readonly added: number },
	context: StepContext,
): Step<Refusal | undefined> {
	const missing = yield* findMissing(repository, put, context);
	return missing ?? (yield* guardQuota(repository, added, context));
}

/** What is looked at is each tag's manifest; in a push without tags, the manifest under its own digest. */
function preconditionRefusal(
	{ tags: names, condition, digest }: PutManifest,
	{ tags, isNew }: { readonly tags: ReadonlyMap<string, TagRow>; readonly isNew: boolean },
): Refusal | undefined {
	const present = names.length > 0 ? names.map((tag) => tags.get(tag)?.digest) : [isNew ? undefined : digest];
	const stopped = present.findIndex((current) => !conditionHolds(condition, current));
	return stopped === -1 ? undefined : { reason: "precondition", current: present[stopped] };
}

/** Tags that exist and would point elsewhere. */
const movingTags = ({ tags: names, digest }: PutManifest, tags: ReadonlyMap<string, TagRow>): readonly string[] =>
	names.filter((name) => tags.has(name) && tags.get(name)?.digest !== digest);

function* store(repository: RepositoryFacts, put: PutManifest, context: StepContext) {
	const blobs = [...new Set(put.blobs.map((blob) => blob.digest))];
	const change = yield* insertManifest(repository, { ...put, blobs, at: context.now }, context);
	yield* emit(context, repository.store, {
		kind: "manifest-put",
		repository: repository.name,
		digest: put.digest,
		mediaType: put.mediaType,
		artifactType: put.artifactType,
		annotations: put.annotations,
		config: put.config,
		subject: put.subject,
		blobs,
		children: [...new Set(put.children)],
		payload: Buffer.from(put.payload.buffer, put.payload.byteOffset, put.payload.byteLength).toString("base64"),
		actor: put.actor,
	});
	return change;
}

/** Where tags go. */
export interface TagMoves {
	readonly repository: RepositoryFacts;
	readonly put: Pick<PutManifest, "digest" | "tags" | "actor">;
	/** As they stood before. */
	readonly tags: ReadonlyMap<string, TagRow>;
}

/** Points tags of a locked repository at a manifest. Those that point at it already do not move: their history goes on. */
export function* moveTags({ repository, put, tags }: TagMoves, context: StepContext): Step<void> {
	const moving = [...new Set(put.tags)].filter((tag) => tags.get(tag)?.digest !== put.digest);
	if (moving.length === 0) return;
	const { last, at } = yield* countMoves(repository.id, moving.length, context.now);
	const left = new Set<Digest>();
	for (const [index, tag] of moving.entries()) {
		const move = last - moving.length + 1 + index;
		const previous = tags.get(tag)?.digest;
		if (previous !== undefined) left.add(previous);
		const { digest, actor } = put;
		yield* moveTag({ repositoryId: repository.id, name: tag, digest, move, actor, at });
		yield* emit({ now: at }, repository.store, {
			kind: "tag-moved",
			repository: repository.name,
			tag,
			digest,
			previous,
			move,
			actor,
		});
	}
	yield* reviewManifests(repository.id, [...left], "tag-moved", context);
}
