import type { Replica } from "#/metadata/replicas.ts";
import { textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** What {@link putReplicas} takes. */
export interface PutReplicas {
	readonly policy: string;
	readonly repository: string;
	readonly replicas: readonly Replica[];
}

/** Keeps replicas: see `Replicas.put`. In the order of their references, so that no two commands wait for each other. */
export function* putReplicas({ policy, repository, replicas }: PutReplicas): Step<void> {
	for (const replica of replicas.toSorted((a, b) => (a.reference < b.reference ? -1 : 1))) {
		yield* all(
			`INSERT INTO replication_tags (policy, repository, reference, source, state, source_digest, target_digest, ours,
				pending, behind_since, generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (policy, repository, reference) DO UPDATE SET source = excluded.source, state = excluded.state,
				source_digest = excluded.source_digest, target_digest = excluded.target_digest, ours = excluded.ours,
				pending = excluded.pending, behind_since = excluded.behind_since, generation = excluded.generation`,
			policy,
			repository,
			replica.reference,
			replica.source,
			replica.state,
			replica.sourceDigest ?? null,
			replica.targetDigest ?? null,
			replica.isOurs ? 1 : 0,
			replica.pending ?? null,
			replica.behindSince ?? null,
			replica.generation ?? null,
		);
	}
	// A run that has not yet heard that its policy is gone.
	yield* all(
		`INSERT INTO replication_ended (policy) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM policies WHERE uid = ?)
		ON CONFLICT (policy) DO NOTHING`,
		policy,
		policy,
	);
}

/** Forgets replicas: see `Replicas.forget`. */
export function* forgetReplicas(
	input: { readonly policy: string; readonly repository: string; readonly references: readonly string[] },
	context: StepContext,
): Step<void> {
	yield* all(
		`DELETE FROM replication_tags WHERE policy = ? AND repository = ? AND reference ${anyOf(context)}`,
		input.policy,
		input.repository,
		JSON.stringify(input.references),
	);
}

/** Forgets what policies that are gone copied: see `Replicas.forgetGone`. */
export function* forgetGoneReplicas({ limit }: { readonly limit: number }): Step<number> {
	let forgotten = 0;
	while (forgotten < limit) {
		const ended = yield* first("SELECT policy FROM replication_ended WHERE policy > '' ORDER BY policy LIMIT 1");
		if (ended === undefined) break;
		const policy = textOf(ended, "policy");
		const rows = yield* all(
			`DELETE FROM replication_tags WHERE (policy, repository, reference) IN (
				SELECT policy, repository, reference FROM replication_tags
				WHERE policy = ? ORDER BY policy, repository, reference LIMIT ?
			) RETURNING reference`,
			policy,
			limit - forgotten,
		);
		forgotten += rows.length;
		if (forgotten < limit) yield* all("DELETE FROM replication_ended WHERE policy = ?", policy);
	}
	return forgotten;
}
