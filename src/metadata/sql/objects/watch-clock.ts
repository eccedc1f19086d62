import type { ClockReading, ClockState } from "#/metadata/objects.ts";
import { intOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";

/** How far the database's clock may part from a monotonic one, in milliseconds. */
const JUMP_MS = 60_000;
/** The mark is kept at most so often, in milliseconds. */
const STRIDE_MS = 60_000;

const SEEN = "clock-seen";
const JUMPED = "clock-jumped";

/** Looks at the database's clock and remembers jumps: see `Objects.watchClock`. */
export function* watchClock({ last }: { readonly last?: ClockReading }, context: StepContext): Step<ClockState> {
	const { now, dialect } = context;
	// Looks queue at this row. Jumps are read by a statement of their own, which begins once the row is had: one that began
	// before would not see the row that the first jump makes, and the clock would seem never to have jumped.
	const seen = yield* read(SEEN, dialect.forUpdate);
	const jumpedAt = yield* read(JUMPED);
	const jumped = last === undefined ? hasJumpedOver(seen, now) : Math.abs(now - last.now - last.elapsedMs) > JUMP_MS;
	if (jumped) yield* keep(JUMPED, now);
	if (jumped || seen === undefined || Math.abs(now - seen) >= STRIDE_MS) yield* keep(SEEN, now);
	return { now, jumpedAt: jumped ? now : jumpedAt };
}

/** Nobody can tell for how long nobody was there, so that any time beyond the mark's own age may be a jump. */
const hasJumpedOver = (seen: number | undefined, now: number): boolean =>
	seen !== undefined && Math.abs(now - seen) > STRIDE_MS + JUMP_MS;

function* read(name: string, lock = ""): Step<number | undefined> {
	const row = yield* first(`SELECT reached FROM counters WHERE name = '${name}'${lock}`);
	return row && intOf(row, "reached");
}

function* keep(name: string, instant: number): Step<void> {
	yield* all(
		`INSERT INTO counters (name, reached) VALUES (CAST(? AS TEXT), CAST(? AS BIGINT))
		ON CONFLICT (name) DO UPDATE SET reached = excluded.reached`,
		name,
		instant,
	);
}
