import type { Restoration, RestoreStart } from "#/metadata/origins.ts";
import { maybeInt, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { mayGoOn } from "#/metadata/sql/journal/is-held.ts";

/** The id of this metadata: see `Origins.identify`. */
export function* identify({ candidate }: { readonly candidate: string }, context: StepContext): Step<string> {
	yield* queue(context);
	const known = yield* findIdentity();
	if (known !== undefined) return known;
	yield* all("INSERT INTO origins (name, value) VALUES ('identity', ?)", candidate);
	return candidate;
}

/** The id of this metadata; undefined where it was given none yet. */
export function* findIdentity(): Step<string | undefined> {
	const known = yield* first("SELECT value FROM origins WHERE name = 'identity'");
	return known && textOf(known, "value");
}

/** Takes another id on: see `Origins.become`. */
export function* become({ identity }: { readonly identity: string }, context: StepContext): Step<boolean> {
	yield* queue(context);
	if (yield* holdsSomething()) return false;
	yield* all(
		"INSERT INTO origins (name, value) VALUES ('identity', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		identity,
	);
	return true;
}

/** What {@link beginRestore} and {@link endRestore} take. */
export interface RestoreMark {
	readonly source: string;
	readonly fence?: number | undefined;
}

/** Begins a restore: see `Origins.beginRestore`. */
export function* beginRestore({ source, fence }: RestoreMark, context: StepContext): Step<RestoreStart> {
	if (!(yield* mayGoOn(fence, context))) return "lost";
	yield* queue(context);
	const known = yield* restoration();
	if (known !== undefined) {
		if (known.source !== source) return "not-empty";
		return known.endedAt === undefined ? "begun" : "done";
	}
	if (yield* holdsSomething()) return "not-empty";
	yield* all("INSERT INTO origins (name, value) VALUES ('restore', ?)", source);
	return "begun";
}

function* holdsSomething(): Step<boolean> {
	for (const table of HOLDING) {
		if ((yield* first(`SELECT 1 AS found FROM ${table} LIMIT 1`)) !== undefined) return true;
	}
	return false;
}

/** Tables of which every row is something that a restore must not mix with. */
const HOLDING = ["projects", "users", "robots", "repositories", "objects", "journal_segments"] as const;

/** Ends a restore: see `Origins.endRestore`. */
export function* endRestore({ source, fence }: RestoreMark, context: StepContext): Step<boolean> {
	if (!(yield* mayGoOn(fence, context))) return false;
	yield* all("UPDATE origins SET ended_at = ? WHERE name = 'restore' AND value = ?", context.now, source);
	return true;
}

/** What this metadata was restored from: see `Origins.restoration`. */
export function* restoration(): Step<Restoration | undefined> {
	const row = yield* first("SELECT value, ended_at FROM origins WHERE name = 'restore'");
	return row === undefined ? undefined : { source: textOf(row, "value"), endedAt: maybeInt(row, "ended_at") };
}

function* queue({ dialect }: StepContext): Step<void> {
	yield* all(`SELECT reached FROM counters WHERE name = 'origin'${dialect.forUpdate}`);
}
