/** What the embedded database says of where the registry's metadata went. It says so before anybody else does. */
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { endCapture } from "./capture.ts";

/** Where the metadata went. From then on this database is no more than what was left behind. */
export interface Departure {
	/** The id of the transfer, which the target has too. */
	readonly transfer: string;
	/** Where to, in words for people. */
	readonly target: string;
	readonly at: number;
}

/**
 * The number of a schema that no release has: a release from before transfers, which knows nothing of departures, takes
 * the database for a later one's and leaves it alone.
 */
const DEPARTED_SCHEMA = 1_000_000;

/** Says for good where the metadata went. */
export function* depart(
	{ transfer, target }: Pick<Departure, "transfer" | "target">,
	context: StepContext,
): Step<void> {
	yield* endCapture();
	yield* all(
		"CREATE TABLE transfer_departure (transfer TEXT NOT NULL PRIMARY KEY, target TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
	);
	yield* all("INSERT INTO transfer_departure (transfer, target, at) VALUES (?, ?, ?)", transfer, target, context.now);
	yield* all(
		"INSERT INTO migrations (number, name, oldest_reader, applied_at) VALUES (?, 'departed', ?, ?)",
		DEPARTED_SCHEMA,
		DEPARTED_SCHEMA,
		context.now,
	);
}

/** Where the metadata went; undefined while this is it. */
export function* findDeparture(): Step<Departure | undefined> {
	const known = yield* first("SELECT 1 AS found FROM sqlite_schema WHERE name = 'transfer_departure'");
	if (known === undefined) return undefined;
	const row = yield* first("SELECT transfer, target, at FROM transfer_departure");
	return row && { transfer: textOf(row, "transfer"), target: textOf(row, "target"), at: intOf(row, "at") };
}

/** The writer's time, milliseconds since the epoch. */
// biome-ignore lint/correctness/useYield: a step that needs no statement
export function* readClock(_: undefined, { now }: StepContext): Step<number> {
	return now;
}

/** The last number that was given out in each numbered table, used or not. */
export function* readNumbers(): Step<readonly { readonly table: string; readonly last: number }[]> {
	const rows = yield* all("SELECT name, seq FROM sqlite_sequence ORDER BY name");
	return rows.map((row) => ({ table: textOf(row, "name"), last: intOf(row, "seq") }));
}

/** The number of the schema. */
export function* readSchema(): Step<number> {
	const row = yield* first("SELECT MAX(number) AS number FROM migrations");
	return row === undefined ? 0 : intOf(row, "number");
}
