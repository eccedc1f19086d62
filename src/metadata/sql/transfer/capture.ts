/** What is written while a transfer is under way is caught by triggers, in the transaction that writes it. */
import { intOf, textOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step } from "#/metadata/sql/engine/statement.ts";
import type { Table } from "./tables.ts";
import { quoted } from "./texts.ts";

/** Begins to catch changes of these tables, from none; what was caught before is forgotten. */
export function* beginCapture({ tables }: { readonly tables: readonly Table[] }): Step<void> {
	yield* endCapture();
	yield* all(
		"CREATE TABLE transfer_changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT NOT NULL) STRICT",
	);
	for (const table of tables) for (const sql of triggersOf(table)) yield* all(sql);
}

/** Catches nothing any more. Repeating it changes nothing. */
export function* endCapture(): Step<void> {
	const triggers = yield* all(
		"SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'transfer\\_%' ESCAPE '\\'",
	);
	for (const row of triggers) yield* all(`DROP TRIGGER ${quoted(textOf(row, "name"))}`);
	yield* all("DROP TABLE IF EXISTS transfer_changes");
}

/** Whether changes are caught. */
export function* isCapturing(): Step<boolean> {
	return (yield* first("SELECT 1 AS found FROM sqlite_schema WHERE name = 'transfer_changes'")) !== undefined;
}

function* triggersOf({ name, key }: Table): Generator<string> {
	const events = { INSERT: ["NEW"], UPDATE: ["OLD", "NEW"], DELETE: ["OLD"] } as const;
	for (const [event, rows] of Object.entries(events)) {
		const notes = rows.map((row) => {
			const values = key.map((column) => `${row}.${quoted(column.name)}`).join(", ");
			return `INSERT INTO transfer_changes (name, key) VALUES ('${name}', json_array(${values}));`;
		});
		const trigger = quoted(`transfer_${name}_${event.toLowerCase()}`);
		yield `CREATE TRIGGER ${trigger} AFTER ${event} ON ${quoted(name)} BEGIN ${notes.join(" ")} END`;
	}
}

/** Changes, oldest first. */
export interface Changes {
	/** The number of the last one; that which was asked with where there is none. */
	readonly upTo: number;
	readonly changes: readonly { readonly table: string; readonly key: string }[];
}

/** What was changed since the change of that number, by table and key as JSON. */
export function* readChanges({ after, limit }: { readonly after: number; readonly limit: number }): Step<Changes> {
	const rows = yield* all(
		"SELECT seq, name, key FROM transfer_changes WHERE seq > ? ORDER BY seq LIMIT ?",
		after,
		limit,
	);
	const last = rows.at(-1);
	return {
		upTo: last === undefined ? after : intOf(last, "seq"),
		changes: rows.map((row) => ({ table: textOf(row, "name"), key: textOf(row, "key") })),
	};
}

/** Forgets changes up to that number, so many at most. @returns how many went */
export function* forgetChanges({ upTo, limit }: { readonly upTo: number; readonly limit: number }): Step<number> {
	const gone = yield* all(
		"DELETE FROM transfer_changes WHERE seq IN (SELECT seq FROM transfer_changes WHERE seq <= ? ORDER BY seq LIMIT ?) RETURNING seq",
		upTo,
		limit,
	);
	return gone.length;
}
