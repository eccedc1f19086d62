import { z } from "zod";
import { compilePatterns } from "#/lib/doublestar.ts";
import type { Refusal } from "#/metadata/refusal.ts";
import type { RepositoryFacts } from "#/metadata/repositories.ts";
import { jsonOf } from "#/metadata/sql/engine/rows.ts";
import { first, type Step } from "#/metadata/sql/engine/statement.ts";

/** Patterns were checked when the project was handed over. */
const patterns = z.object({ matching: z.array(z.string()), excluding: z.array(z.string()) });
const rules = z.array(z.object({ repositories: patterns, tags: patterns }));

/** Tells which tags of a repository stay where they are, by the rules of its project. */
export function* immutableTags({
	name,
	project,
	projectId,
}: Pick<RepositoryFacts, "name" | "project" | "projectId">): Step<(tag: string) => boolean> {
	const row = yield* first("SELECT immutability FROM projects WHERE id = ?", projectId);
	const all = row === undefined ? [] : rules.parse(jsonOf(row, "immutability"));
	const below = name.slice(project.length + 1);
	const matchers = all
		.filter(({ repositories }) => compilePatterns(repositories)(below))
		.map(({ tags }) => compilePatterns(tags));
	return (tag) => matchers.some((matches) => matches(tag));
}

/**
 * Why tags of a locked repository can neither be moved nor deleted: one of them is immutable. To be asked of tags that
 * exist, for a new one is free.
 */
export function* guardTags(
	repository: Pick<RepositoryFacts, "name" | "project" | "projectId">,
	tags: readonly string[],
): Step<Refusal | undefined> {
	if (tags.length === 0) return undefined;
	const isImmutable = yield* immutableTags(repository);
	const tag = tags.find(isImmutable);
	if (tag === undefined) return undefined;
	const { name, project } = repository;
	return {
		reason: "guarded",
		guard: "immutability",
		message: `the tag ${tag} is immutable by a rule of the project ${project}: push under another tag, or have the rule changed`,
		detail: { guard: "immutability", project, repository: name, tag },
	};
}
