/** What the database says of itself that metadata is taken to: that it is being filled, by whom, or that it is whole. */
import { MetadataError } from "#/metadata/metadata-error.ts";
import { intOf, textOf, wordOf } from "#/metadata/sql/engine/rows.ts";
import { all, first, type Step, type StepContext } from "#/metadata/sql/engine/statement.ts";
import { readSchema } from "./departure.ts";
import type { Table } from "./tables.ts";
import { quoted } from "./texts.ts";
import { TransferError } from "./transfer-error.ts";

/** The mark of a target. */
export interface Arrival {
	/** Of the registry whose metadata it is. */
	readonly identity: string;
	/** The id of the transfer. */
	readonly transfer: string;
	/** Raised by each process that takes the target: who comes with a lower one writes nothing any more. */
	readonly fence: number;
	/** `settled`: all is there, and only the source's word is missing that it is the registry's database from now on. */
	readonly state: "filling" | "settled" | "whole";
}

/** Any constant does, as long as every release uses the same one. */
const ADVISORY_LOCK = 7_141_202_602;

/** The mark; undefined in a database that nothing was taken to. */
export function* findArrival(_: undefined, context: StepContext): Step<Arrival | undefined> {
	return (yield* hasTable("transfer_arrival", context)) ? yield* readArrival("") : undefined;
}

/** @throws MetadataError SCHEMA in a database that is being filled */
export function* refuseFilling(context: StepContext): Step<void> {
	const arrival = yield* findArrival(undefined, context);
	if (arrival === undefined || arrival.state === "whole") return;
	throw new MetadataError(
		"SCHEMA",
		`the database is not whole: the metadata of the registry ${arrival.identity} is on its way into it. Start that registry with database.sqlite.migrateTo, as before, until it says that the database moved`,
	);
}

/**
 * @throws TransferError REFUSED in a database that holds something, and that is not the half of such a transfer; ARRIVED
 * in one that the same registry's metadata moved to
 */
export function* refuseForeign({ identity }: { readonly identity: string }, context: StepContext): Step<void> {
	const arrival = yield* findArrival(undefined, context);
	if (arrival !== undefined) return refuseOther(arrival, identity);
	for (const table of HOLDING) {
		if ((yield* hasTable(table, context)) && (yield* first(`SELECT 1 AS found FROM ${table} LIMIT 1`)) !== undefined) {
			throw notEmpty(table);
		}
	}
}

/** Tables of which a database has a row as soon as a registry worked on it. */
const HOLDING = ["origins", "projects", "users", "robots", "repositories", "objects", "journal_segments"] as const;

const notEmpty = (table: string): TransferError =>
	new TransferError("REFUSED", `the target is not empty: it has rows in ${table}. Name an empty database`);

const refuseOther = ({ identity, state }: Arrival, wanted: string): void => {
	const isSame = identity === wanted;
	if (isSame && state !== "whole") return;
	const what = state === "whole" ? "was filled already with" : "is being filled with";
	if (isSame) {
		throw new TransferError(
			"ARRIVED",
			`the target ${what} the metadata of this registry, and the embedded database does not know of it: it is an older copy. Set database.postgres with that database`,
		);
	}
	throw new TransferError(
		"REFUSED",
		`the target ${what} the metadata of the registry ${identity}: name an empty database`,
	);
};

/** What {@link claimTarget} takes. */
export interface ClaimTargetInput {
	readonly identity: string;
	readonly transfer: string;
	readonly tables: readonly Table[];
	/** The number of the source's schema. */
	readonly schema: number;
}

/**
 * Takes the target for a transfer, and empties it of what an earlier life of the same registry's transfer left.
 *
 * @returns the fence that every later write has to come with, and the target's time
 * @throws TransferError REFUSED, ARRIVED
 */
export function* claimTarget(
	{ identity, transfer, tables, schema }: ClaimTargetInput,
	context: StepContext,
): Step<{ readonly fence: number; readonly now: number }> {
	yield* lock(context);
	yield* all(
		`CREATE TABLE IF NOT EXISTS transfer_arrival (
			single BIGINT NOT NULL PRIMARY KEY, identity TEXT NOT NULL, transfer TEXT NOT NULL, fence BIGINT NOT NULL,
			state TEXT NOT NULL
		)`,
	);
	const number = yield* readSchema();
	if (number !== schema) {
		throw new TransferError(
			"REFUSED",
			`the target has schema ${number}, the embedded database has ${schema}: both must be of one release`,
		);
	}
	const held = yield* readArrival(context.dialect.forUpdate);
	if (held === undefined) yield* refuseUsed(tables);
	else refuseOther(held, identity);
	for (const { name } of tables)
		yield* all(`${context.dialect.name === "sqlite" ? "DELETE FROM" : "TRUNCATE"} ${quoted(name)}`);
	const fence = (held?.fence ?? 0) + 1;
	yield* all(
		`INSERT INTO transfer_arrival (single, identity, transfer, fence, state) VALUES (1, ?, ?, ?, 'filling')
		ON CONFLICT (single) DO UPDATE SET transfer = excluded.transfer, fence = excluded.fence, state = excluded.state`,
		identity,
		transfer,
		fence,
	);
	return { fence, now: context.now };
}

/** A schema comes with a few rows, all of which say that nothing happened yet. */
function* refuseUsed(tables: readonly Table[]): Step<void> {
	const unused: { readonly [table: string]: string } = {
		counters: " WHERE reached <> 0",
		control_state: " WHERE epoch <> 0",
	};
	for (const { name } of tables) {
		if ((yield* first(`SELECT 1 AS found FROM ${quoted(name)}${unused[name] ?? ""} LIMIT 1`)) !== undefined)
			throw notEmpty(name);
	}
}

/** Holds the mark as it is until the transaction ends. @throws TransferError FENCED for whom it is not any more */
export function* holdFence(fence: number, context: StepContext): Step<void> {
	const held = yield* readArrival(context.dialect.forShare);
	if (held?.state === "filling" && held.fence === fence) return;
	throw fenced();
}

/** Says that all is there, in the transaction that brings the last of it: nothing is written under the fence after it. */
export function* markSettled(): Step<void> {
	yield* all("UPDATE transfer_arrival SET state = 'settled' WHERE single = 1");
}

/** Raises the fence of a target that is being filled, once every write under it has ended. @throws TransferError FENCED */
export function* raiseFence({ transfer }: { readonly transfer: string }, context: StepContext): Step<number> {
	const held = yield* readArrival(context.dialect.forUpdate);
	if (held?.state !== "filling" || held.transfer !== transfer) throw fenced();
	yield* all("UPDATE transfer_arrival SET fence = ? WHERE single = 1", held.fence + 1);
	return held.fence + 1;
}

/** What happens to whom another process took the target from. */
export const fenced = (): TransferError => new TransferError("FENCED", "another process has taken over the target");

/**
 * Says that the target is whole: what the source's departure means. Repeating it changes nothing.
 *
 * @throws TransferError REFUSED when it is the target of another transfer, or of none, or has not all of it
 */
export function* arrive({ transfer }: { readonly transfer: string }, context: StepContext): Step<void> {
	yield* lock(context);
	const held = (yield* hasTable("transfer_arrival", context))
		? yield* readArrival(context.dialect.forUpdate)
		: undefined;
	if (held?.transfer !== transfer) {
		throw new TransferError("REFUSED", "this is not the database that the registry's metadata moved to");
	}
	if (held.state === "filling") {
		throw new TransferError(
			"REFUSED",
			"the database has only a part of the metadata that moved to it: it lost what it had confirmed, by a failover to a standby that lagged behind or a restore of an earlier time. Bring it to a time after the move, or make the metadata again from a backup or the journal",
		);
	}
	// Nobody who was at work on filling it writes any more.
	yield* all("UPDATE transfer_arrival SET state = 'whole', fence = fence + 1 WHERE state = 'settled'");
}

function* lock({ dialect }: StepContext): Step<void> {
	if (dialect.name === "postgres") yield* all("SELECT 1 AS locked FROM pg_advisory_xact_lock(?)", ADVISORY_LOCK);
}

function* readArrival(locking: string): Step<Arrival | undefined> {
	const row = yield* first(`SELECT identity, transfer, fence, state FROM transfer_arrival WHERE single = 1${locking}`);
	return (
		row && {
			identity: textOf(row, "identity"),
			transfer: textOf(row, "transfer"),
			fence: intOf(row, "fence"),
			state: wordOf(row, "state", ["filling", "settled", "whole"]),
		}
	);
}

function* hasTable(name: string, { dialect }: StepContext): Step<boolean> {
	if (dialect.name === "sqlite") {
		return (yield* first("SELECT 1 AS found FROM sqlite_schema WHERE name = ?", name)) !== undefined;
	}
	const row = yield* first("SELECT to_regclass(CAST(? AS TEXT)) IS NOT NULL AS found", name);
	return row?.found === 1;
}
