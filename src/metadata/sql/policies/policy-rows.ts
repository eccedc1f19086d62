import type { Policy } from "#/metadata/policies.ts";
import { all, type Step } from "#/metadata/sql/engine/statement.ts";

/** The name of the lease that whoever carries the policy out holds. */
export const leaseOf = (uid: string): string => `policy:${uid}`;

/**
 * Brings a policy into force, or another spec of it. What its feature keeps about it stays. Its generation changes with
 * the spec, and not with that of the resource: what others say, such as the uid of a project, is part of it.
 */
export function* writePolicy({ kind, uid, generation, spec }: Omit<Policy, "state">): Step<void> {
	yield* all(
		`INSERT INTO policies (uid, kind, generation, spec, state) VALUES (?, ?, ?, ?, NULL)
		ON CONFLICT (uid) DO UPDATE SET kind = excluded.kind, spec = excluded.spec,
			generation = policies.generation + CASE WHEN policies.spec = excluded.spec THEN 0 ELSE 1 END`,
		uid,
		kind,
		generation,
		JSON.stringify(spec),
	);
	yield* all("DELETE FROM replication_ended WHERE policy = ?", uid);
}

/** Takes a policy out of force, with all that was kept about it; whoever carries it out may keep nothing any more. */
export function* deletePolicy(uid: string): Step<void> {
	yield* all(
		`INSERT INTO replication_ended (policy) SELECT uid FROM policies WHERE uid = ? AND kind = 'ReplicationPolicy'
		ON CONFLICT (policy) DO NOTHING`,
		uid,
	);
	yield* all("DELETE FROM policies WHERE uid = ?", uid);
	yield* all("DELETE FROM leases WHERE name = ?", leaseOf(uid));
}
