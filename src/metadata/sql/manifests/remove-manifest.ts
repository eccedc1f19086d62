import type { TagCondition } from "#/metadata/manifests.ts";
import type { Refused } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { NAMED_USERS } from "#/metadata/sql/blobs/unlink-blob.ts";
import { endOfWindow } from "#/metadata/sql/deletions/deleted-rows.ts";
import { digestOf, intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { emit } from "#/metadata/sql/journal/outbox-rows.ts";
import { reviewManifests } from "#/metadata/sql/objects/reviews.ts";
import { guardTags } from "#/metadata/sql/projects/immutability.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { deleteManifest, hasManifest } from "./manifest-rows.ts";
import { conditionHolds } from "./tag-condition.ts";
import { countMoves, dropTag, findTags, type TagRow } from "./tag-rows.ts";

/** Deletes a manifest and every tag on it: see `Manifests.remove`. */
export function* removeManifest(
	{ repository: name, digest, actor }: { readonly repository: string; readonly digest: Digest; readonly actor: string },
	context: StepContext,
): Step<{ readonly tags: readonly string[] } | Refused> {
	const repository = yield* lockRepository(name, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: name } };
	if (!(yield* hasManifest(repository.id, digest))) {
		return { refused: { reason: "manifest-unknown", reference: digest } };
	}
	return yield* removeWhole(repository, { digest, actor }, context);
}

/** Deletes a manifest that a locked repository has, and every tag on it; or tells why it must stay. */
export function* removeWhole(
	repository: RepositoryFacts,
	{ digest, actor }: { readonly digest: Digest; readonly actor: string },
	context: StepContext,
): Step<{ readonly tags: readonly string[] } | Refused> {
	const parents = yield* all(
		"SELECT parent FROM manifest_children WHERE repository_id = ? AND child = ? ORDER BY parent LIMIT ?",
		repository.id,
		digest,
		NAMED_USERS,
	);
	if (parents.length > 0) return { refused: { reason: "in-use", by: parents.map((row) => textOf(row, "parent")) } };
	const tags = yield* tagsOn(repository.id, digest);
	const guarded = yield* guardTags(
		repository,
		tags.map((tag) => tag.name),
	);
	if (guarded !== undefined) return { refused: guarded };
	for (const tag of tags) yield* removeOneTag({ repository, tag, actor }, context);
	const until = yield* endOfWindow(repository, context.now);
	const ended = tags.map(({ name: tag, move }) => ({ tag, move }));
	const grave = until === undefined ? undefined : { at: context.now, by: actor, until, tags: ended };
	const change = yield* deleteManifest(repository, digest, grave, context);
	yield* emit(context, repository.store, {
		kind: "manifest-removed",
		repository: repository.name,
		digest,
		...(until === undefined ? {} : { until, tags: ended }),
		actor,
	});
	yield* addUsage(repository, change ?? {});
	return { tags: tags.map((tag) => tag.name) };
}

/** Deletes one tag; the manifest stays, to be reviewed: see `Manifests.removeTag`. */
export function* removeTag(
	input: {
		readonly repository: string;
		readonly tag: string;
		readonly condition: TagCondition | undefined;
		readonly actor: string;
	},
	context: StepContext,
): Step<{ readonly digest: Digest } | Refused> {
	const repository = yield* lockRepository(input.repository, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: input.repository } };
	const tag = (yield* findTags(repository.id, [input.tag], context)).get(input.tag);
	if (!conditionHolds(input.condition, tag?.digest)) {
		return { refused: { reason: "precondition", current: tag?.digest } };
	}
	if (tag === undefined) return { refused: { reason: "manifest-unknown", reference: input.tag } };
	const guarded = yield* guardTags(repository, [tag.name]);
	if (guarded !== undefined) return { refused: guarded };
	yield* removeOneTag({ repository, tag, actor: input.actor }, context);
	yield* reviewManifests(repository.id, [tag.digest], "tag-removed", context);
	return { digest: tag.digest };
}

interface TagRemoval {
	readonly repository: RepositoryFacts;
	readonly tag: TagRow;
	readonly actor: string;
}

function* removeOneTag({ repository, tag, actor }: TagRemoval, context: StepContext): Step<void> {
	const { at } = yield* countMoves(repository.id, 0, context.now);
	yield* dropTag({ repositoryId: repository.id, name: tag.name, actor, at });
	yield* emit({ now: at }, repository.store, {
		kind: "tag-removed",
		repository: repository.name,
		tag: tag.name,
		digest: tag.digest,
		move: tag.move,
		actor,
	});
}

/** The tags on a manifest, in byte order. */
export function* tagsOn(repositoryId: number, digest: Digest): Step<readonly TagRow[]> {
	const rows = yield* all(
		"SELECT name, digest, move FROM tags WHERE repository_id = ? AND digest = ? ORDER BY name",
		repositoryId,
		digest,
	);
	return rows.map((row) => ({ name: textOf(row, "name"), digest: digestOf(row, "digest"), move: intOf(row, "move") }));
}
