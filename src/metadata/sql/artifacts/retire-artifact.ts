import type { Artifact } from "#/metadata/artifacts.ts";
import type { Refused } from "#/metadata/refusal.ts";
import { intOf, maybeInt } from "#/metadata/sql/engine/rows.ts";
import { first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { removeWhole, tagsOn } from "#/metadata/sql/manifests/remove-manifest.ts";
import { lockRepository } from "#/metadata/sql/repositories/repository-rows.ts";
import { PUSHED_AT } from "./list-artifacts.ts";

/** What {@link retireArtifact} takes. */
export interface RetireInput {
	readonly repository: string;
	readonly expected: Pick<Artifact, "digest" | "tags" | "pushedAt" | "pulledAt">;
	readonly actor: string;
}

/** Deletes a manifest that is still as it was decided on: see `Artifacts.retire`. */
export function* retireArtifact(
	{ repository: name, expected, actor }: RetireInput,
	context: StepContext,
): Step<{ readonly retired: true } | Refused> {
	const { digest } = expected;
	const repository = yield* lockRepository(name, context);
	if (repository === undefined) return { refused: { reason: "repository-unknown", repository: name } };
	const row = yield* first(
		`SELECT ${PUSHED_AT} AS pushed_at, u.pulled_at FROM manifests m
		LEFT JOIN manifest_uses u ON u.repository_id = m.repository_id AND u.digest = m.digest
		WHERE m.repository_id = ? AND m.digest = ?`,
		repository.id,
		digest,
	);
	if (row === undefined) return { refused: { reason: "manifest-unknown", reference: digest } };
	const tags = (yield* tagsOn(repository.id, digest)).map((tag) => tag.name);
	const isAsExpected =
		intOf(row, "pushed_at") === expected.pushedAt &&
		maybeInt(row, "pulled_at") === expected.pulledAt &&
		JSON.stringify(tags) === JSON.stringify(expected.tags);
	if (!isAsExpected) return { refused: { reason: "precondition", current: digest } };
	const outcome = yield* removeWhole(repository, { digest, actor }, context);
	return "refused" in outcome ? outcome : { retired: true };
}
