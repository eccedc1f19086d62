import type { RestoreOutcome, RestoreRefusal } from "#/metadata/history.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { digestOf, maybeInt } from "#/metadata/sql/engine/rows.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { moveTags } from "#/metadata/sql/manifests/put-manifest.ts";
import { findTags } from "#/metadata/sql/manifests/tag-rows.ts";
import { guardTags } from "#/metadata/sql/projects/immutability.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { addUsage } from "#/metadata/sql/usage/add-usage.ts";
import type { Digest } from "#/oci/digest.ts";
import { undoWindow } from "./deleted-rows.ts";
import { planRestore } from "./plan-restore.ts";
import { bringBack } from "./restore-manifest.ts";

/** What {@link restoreTag} takes. */
export interface RestoreTagInput {
	readonly repository: string;
	readonly tag: string;
	readonly at?: number | undefined;
	readonly actor: string;
}

/** Takes a tag back to where it was: see `History.restoreTag`. */
export function* restoreTag(input: RestoreTagInput, context: StepContext): Step<RestoreOutcome> {
	const { repository: name, tag, actor } = input;
	const repository = yield* lockRepository(name, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: name } };
	const place = yield* formerPlace(repository, input, context);
	if ("refused" in place) return place;
	const { digest } = place;
	const present = yield* findTags(repository.id, [tag], context);
	if (present.get(tag)?.digest === digest) return { digest, manifests: [], tags: [], moved: [] };
	const guarded = present.has(tag) ? yield* guardTags(repository, [tag]) : undefined;
	if (guarded !== undefined) return { refused: { reason: "immutable", tag, project: repository.project } };
	const plan = yield* planRestore(repository, digest, context);
	if ("refused" in plan) return plan;
	const usage = yield* bringBack(repository, { manifests: plan.manifests, actor }, context);
	yield* moveTags({ repository, put: { digest, tags: [tag], actor }, tags: present }, context);
	yield* addUsage(repository, usage);
	return { digest, manifests: plan.manifests.map((manifest) => manifest.digest), tags: [tag], moved: [] };
}

type Place = { readonly digest: Digest } | { readonly refused: RestoreRefusal };

function* formerPlace(
	{ id, projectId }: RepositoryFacts,
	{ tag, at }: RestoreTagInput,
	{ now }: StepContext,
): Step<Place> {
	const row = yield* first(
		`SELECT digest, ended_at FROM tag_history WHERE repository_id = ? AND name = ? AND started_at <= ?
		ORDER BY move DESC LIMIT 1`,
		id,
		tag,
		at ?? Number.MAX_SAFE_INTEGER,
	);
	if (row === undefined) return { refused: { reason: "tag-unknown", tag } };
	const endedAt = maybeInt(row, "ended_at");
	if (endedAt !== undefined) {
		if (at !== undefined && endedAt <= at) return { refused: { reason: "tag-unknown", tag } };
		const end = endedAt + (yield* undoWindow(projectId));
		if (end <= now) return { refused: { reason: "window-ended", tag, at: end } };
	}
	return { digest: digestOf(row, "digest") };
}
