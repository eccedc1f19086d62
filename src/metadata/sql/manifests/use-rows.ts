/** When manifests were pulled last, and pushed again: what is no part of the content, and told by no record. */
import { all, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import type { Digest } from "#/oci/digest.ts";

/** One pull. */
export interface PullNote {
	readonly repositoryId: number;
	readonly digest: Digest;
	/** Milliseconds since the epoch. */
	readonly at: number;
}

/** Notes pulls: see `Pulls.note`. What is gone is passed over, and no time is later than now. */
export function* notePulls({ pulls }: { readonly pulls: readonly PullNote[] }, context: StepContext): Step<void> {
	// In one order, so that no two commands wait for each other.
	for (const { repositoryId, digest, at } of pulls.toSorted(byManifest)) {
		yield* all(
			`INSERT INTO manifest_uses (repository_id, digest, pulled_at)
			SELECT repository_id, digest, CAST(? AS BIGINT) FROM manifests
			WHERE repository_id = ? AND digest = ?${context.dialect.forKeyShare}
			ON CONFLICT (repository_id, digest) DO UPDATE SET pulled_at = excluded.pulled_at
			WHERE manifest_uses.pulled_at IS NULL OR manifest_uses.pulled_at < excluded.pulled_at`,
			Math.min(at, context.now),
			repositoryId,
			digest,
		);
	}
}

const byManifest = (a: PullNote, b: PullNote): number =>
	a.repositoryId - b.repositoryId || (a.digest < b.digest ? -1 : Number(a.digest > b.digest));

/** Notes when a manifest, there or deleted, was pulled and pushed again, unless that is known to have been later. */
export function* noteUses(
	repositoryId: number,
	uses: {
		readonly digest: Digest;
		readonly pulledAt: number | undefined;
		readonly pushedAt: number | undefined;
	},
): Step<void> {
	yield* all(
		`INSERT INTO manifest_uses (repository_id, digest, pulled_at, pushed_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (repository_id, digest) DO UPDATE SET
			pulled_at = ${later("pulled_at")}, pushed_at = ${later("pushed_at")}`,
		repositoryId,
		uses.digest,
		uses.pulledAt ?? null,
		uses.pushedAt ?? null,
	);
}

function later(column: string): string {
	return `CASE WHEN manifest_uses.${column} IS NULL OR manifest_uses.${column} < excluded.${column}
		THEN excluded.${column} ELSE manifest_uses.${column} END`;
}

/** Forgets the uses of a manifest that is gone for good. */
export function* forgetUses(repositoryId: number, digest: Digest): Step<void> {
	yield* all("DELETE FROM manifest_uses WHERE repository_id = ? AND digest = ?", repositoryId, digest);
}
