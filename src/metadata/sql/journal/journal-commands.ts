import type { JournalSegment } from "#/metadata/outbox.ts";
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, anyOf, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** What {@link sealSegment} takes. */
export interface SealInput {
	readonly segment: JournalSegment & { readonly size: number };
	readonly seqs: readonly number[];
	readonly fence: number;
}

/** Records a durable segment and takes its rows out of the outbox: see `Outbox.seal`. */
export function* sealSegment({ segment, seqs, fence }: SealInput, context: StepContext): Step<boolean> {
	// Fences are unique over all leases, so the token alone tells whether its lease is still the newest of its name.
	const lease = yield* first(`SELECT name FROM leases WHERE fence = ?${context.dialect.forUpdate}`, fence);
	if (lease === undefined) return false;
	const last = yield* first(
		"SELECT number FROM journal_segments WHERE store = ? ORDER BY number DESC LIMIT 1",
		segment.store,
	);
	if (segment.number !== (last === undefined ? 1 : intOf(last, "number") + 1)) return false;
	const settled = yield* first(
		`UPDATE objects SET state = 'live', size = ?, changed_at = ?
		WHERE store = ? AND key = ? AND purpose = 'journal' AND state <> 'deleting' RETURNING key`,
		segment.size,
		context.now,
		segment.store,
		segment.key,
	);
	if (settled === undefined) return false;
	yield* insertSegment(segment, context);
	const { anyOf, jsonValues } = context.dialect;
	const numbers = anyOf(`SELECT CAST(value AS BIGINT) FROM ${jsonValues} AS sealed`);
	yield* all(`DELETE FROM outbox WHERE seq ${numbers}`, JSON.stringify(seqs));
	return true;
}

/** Remembers where a rebuilt journal stands: see `Snapshots.adopt`. */
export function* adoptSegment(segment: JournalSegment, context: StepContext): Step<void> {
	yield* all(
		`INSERT INTO objects (store, key, purpose, state, size, digest, holder, upload_id, writer_state, changed_at,
			claimed_by, claimed_until) VALUES (?, ?, 'journal', 'live', NULL, NULL, '', NULL, NULL, ?, NULL, 0)
		ON CONFLICT (store, key) DO NOTHING`,
		segment.store,
		segment.key,
		context.now,
	);
	yield* all("DELETE FROM journal_segments WHERE store = ? AND number >= ?", segment.store, segment.number);
	yield* insertSegment(segment, context);
}

function* insertSegment(segment: JournalSegment, context: StepContext): Step<void> {
	yield* all(
		"INSERT INTO journal_segments (store, number, key, hash, sealed_at) VALUES (?, ?, ?, ?, ?)",
		segment.store,
		segment.number,
		segment.key,
		segment.hash,
		context.now,
	);
}

/** What {@link pruneJournal} takes. */
export interface PruneInput {
	readonly store: string;
	/** The last segment that nobody needs any more. */
	readonly segment: number;
	readonly keys: readonly string[];
}

/** Rows of sealed segments that one command forgets. */
const FORGOTTEN_EACH = 5_000;

/** Condemns what a snapshot made superfluous: see `Outbox.prune`. */
export function* pruneJournal({ store, segment, keys }: PruneInput, context: StepContext): Step<void> {
	yield* all(
		`UPDATE objects SET state = 'deleting', changed_at = ?, claimed_by = NULL, claimed_until = ?
		WHERE store = ? AND state = 'live' AND purpose <> 'blob' AND key ${anyOf(context)}`,
		context.now,
		context.now,
		store,
		JSON.stringify(keys),
	);
	const last = yield* first("SELECT number FROM journal_segments WHERE store = ? ORDER BY number DESC LIMIT 1", store);
	if (last === undefined) return;
	// The next segment follows the last one, whatever became of its object.
	const end = Math.min(segment + 1, intOf(last, "number"));
	const forgotten = `SELECT number FROM journal_segments WHERE store = ? AND number < ? ORDER BY number LIMIT ${FORGOTTEN_EACH}`;
	yield* all(
		`DELETE FROM journal_segments WHERE store = ? AND number ${context.dialect.anyOf(forgotten)}`,
		store,
		store,
		end,
	);
}

/** What {@link takeLease} takes. */
export interface LeaseInput {
	readonly name: string;
	readonly holder: string;
	readonly leaseMs: number;
}

/** Takes or keeps a lease on background work: see `Outbox.lease`. A keeper keeps its fence, a new holder gets a higher one. */
export function* takeLease(lease: LeaseInput, context: StepContext): Step<number | undefined> {
	// The counter's row is what takers of leases queue at.
	const counter = yield* first(`SELECT reached FROM counters WHERE name = 'fence'${context.dialect.forUpdate}`);
	const held = yield* first("SELECT holder, fence, lease_until FROM leases WHERE name = ?", lease.name);
	const until = context.now + lease.leaseMs;
	if (held !== undefined && textOf(held, "holder") === lease.holder) {
		yield* all("UPDATE leases SET lease_until = ? WHERE name = ?", until, lease.name);
		return intOf(held, "fence");
	}
	if (held !== undefined && intOf(held, "lease_until") > context.now) return undefined;
	const fence = (counter === undefined ? 0 : intOf(counter, "reached")) + 1;
	yield* all("UPDATE counters SET reached = ? WHERE name = 'fence'", fence);
	yield* all(
		`INSERT INTO leases (name, holder, fence, lease_until) VALUES (?, ?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, lease_until = excluded.lease_until`,
		lease.name,
		lease.holder,
		fence,
		until,
	);
	return fence;
}
