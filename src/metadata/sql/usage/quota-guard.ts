import type { Refusal } from "#/metadata/refusal.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";

/** What a quota is judged by; all in bytes. */
interface QuotaFacts {
	readonly quota: number;
	/** What the project's content has, and what its other uploads have or were promised. */
	readonly used: number;
	/** What the command would add, and what the upload that it is about has. */
	readonly requested: number;
}

/** Why the quota forbids it; undefined when it does not. What adds nothing is never forbidden. */
const judgeQuota = (facts: QuotaFacts): Refusal | undefined =>
	facts.requested === 0 || facts.used + facts.requested <= facts.quota
		? undefined
		: { reason: "guarded", guard: "quota", message: "the project's quota is exceeded", detail: { ...facts } };

/** A project, and the quota that it has, if any. */
interface LimitedProject {
	readonly projectId: number;
	readonly quotaBytes: number | undefined;
}

/** Far from the keys of other locks. */
const FIRST_LOCK = 7_141_300_000_000;

/**
 * Judges whether a project may take `requested` more bytes. To be asked after uploads and repositories were locked and
 * before anything else is: from here to the end of the command no other adds to a project that has a quota, so that
 * pushes at once cannot pass it together. Costs the same however much the project has; a project without a quota costs
 * nothing.
 *
 * @param upload whose own reservation does not count
 */
export function* guardQuota(
	{ projectId, quotaBytes }: LimitedProject,
	requested: number,
	context: StepContext,
	upload = "",
): Step<Refusal | undefined> {
	if (quotaBytes === undefined || requested === 0) return undefined;
	if (context.dialect.name === "postgres") {
		yield* all("SELECT 1 AS locked FROM pg_advisory_xact_lock(?)", FIRST_LOCK + projectId);
	}
	// A statement of its own, so that it sees what was committed while it waited for the lock.
	const row = yield* first(
		`SELECT CAST(COALESCE((
			SELECT SUM(blob_bytes + manifest_bytes) FROM project_usage WHERE project_id = ?
		), 0) + COALESCE((
			SELECT SUM(CASE WHEN bytes > announced THEN bytes ELSE announced END) FROM uploads
			WHERE project_id = ? AND id <> ?
		), 0) AS BIGINT) AS used`,
		projectId,
		projectId,
		upload,
	);
	return judgeQuota({ quota: quotaBytes, used: row === undefined ? 0 : intOf(row, "used"), requested });
}

/** What linking a blob would add to the use of a project with a quota: nothing when one of its repositories has it. */
export function* addedBytes(
	{ projectId, quotaBytes, store }: LimitedProject & { readonly store: string },
	{ digest, size }: { readonly digest: Digest; readonly size: number },
): Step<number> {
	if (quotaBytes === undefined) return size;
	const known = yield* first(
		"SELECT links FROM project_blobs WHERE project_id = ? AND store = ? AND digest = ?",
		projectId,
		store,
		digest,
	);
	return known === undefined ? size : 0;
}
