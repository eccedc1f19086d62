import { REPLICA_STATES, type Replica, type ReplicaCounts, type ReplicaInRepository } from "#/metadata/replicas.ts";
import { flagOf, intOf, maybeDigest, maybeInt, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, first, type Row, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

const COLUMNS =
	"repository, reference, source, state, source_digest, target_digest, ours, pending, behind_since, generation";

/** Replicas by their references: see `Replicas.find`. */
export function* findReplicas(
	input: { readonly policy: string; readonly repository: string; readonly references: readonly string[] },
	context: StepContext,
): Step<readonly Replica[]> {
	const rows = yield* all(
		`SELECT ${COLUMNS} FROM replication_tags WHERE policy = ? AND repository = ? AND reference ${anyOf(context)}`,
		input.policy,
		input.repository,
		JSON.stringify(input.references),
	);
	return rows.map(toReplica);
}

/** What {@link listReplicas} takes. */
export interface ReplicaPage {
	readonly policy: string;
	readonly after?: { readonly repository: string; readonly reference: string } | undefined;
	readonly within?: string | undefined;
	readonly limit: number;
}

/** A page of replicas: see `Replicas.list`. */
export function* listReplicas({ policy, after, within, limit }: ReplicaPage): Step<readonly ReplicaInRepository[]> {
	const { repository, reference } = after ?? { repository: "", reference: "" };
	const rows =
		within === undefined
			? yield* all(
					`SELECT ${COLUMNS} FROM replication_tags WHERE policy = ? AND (repository, reference) > (?, ?)
					ORDER BY repository, reference LIMIT ?`,
					policy,
					repository,
					reference,
					limit,
				)
			: yield* all(
					`SELECT ${COLUMNS} FROM replication_tags WHERE policy = ? AND repository = ? AND reference > ?
					ORDER BY reference LIMIT ?`,
					policy,
					within,
					reference,
					limit,
				);
	return rows.map((row) => ({ ...toReplica(row), repository: textOf(row, "repository") }));
}

/** How many replicas stand where: see `Replicas.counts`. Only digests, which referrers go by, have a colon. */
export function* countReplicas({ policy }: { readonly policy: string }): Step<ReplicaCounts> {
	const row = yield* first(
		`SELECT COALESCE(SUM(CASE WHEN state = 'synced' AND reference NOT LIKE '%:%' THEN 1 ELSE 0 END), 0) AS synced,
			COALESCE(SUM(CASE WHEN state = 'pending' AND reference NOT LIKE '%:%' THEN 1 ELSE 0 END), 0) AS pending,
			COALESCE(SUM(ours), 0) AS ours,
			MIN(CASE WHEN state = 'pending' THEN behind_since END) AS behind_since
		FROM replication_tags WHERE policy = ?`,
		policy,
	);
	if (row === undefined) throw new Error("a sum has no row");
	return {
		synced: Number(row.synced),
		pending: Number(row.pending),
		ours: Number(row.ours),
		behindSince: maybeInt(row, "behind_since"),
	};
}

function toReplica(row: Row): Replica {
	return {
		reference: textOf(row, "reference"),
		source: textOf(row, "source"),
		state: wordOf(row, "state", REPLICA_STATES),
		sourceDigest: maybeDigest(row, "source_digest"),
		targetDigest: maybeDigest(row, "target_digest"),
		isOurs: flagOf(row, "ours"),
		pending: maybeDigest(row, "pending"),
		behindSince: maybeInt(row, "behind_since"),
		generation: row.generation === null ? undefined : intOf(row, "generation"),
	};
}
