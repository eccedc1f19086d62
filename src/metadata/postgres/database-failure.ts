import pg from "pg";
import { MetadataError } from "#/metadata/metadata-error.ts";

/**
 * What can be done about a failure of the database.
 * `again`: another transaction was in the way, run the whole again. `race`: two transactions made the same row, and
 * the next run will see it; if it does not, the command is at fault. `stale`: the connection's prepared statements are
 * out of date, a new connection helps. `lost`: the connection is gone.
 * `full` and `away`: nothing now. `mistake`: nothing ever, the statement is wrong.
 */
export type Fault = "again" | "race" | "stale" | "lost" | "full" | "away" | "mistake";

/** Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html that say more than their class. */
const byCode: ReadonlyMap<string, Fault> = new Map<string, Fault>([
	// serialization_failure, deadlock_detected
	["40001", "again"],
	["40P01", "again"],
	// unique_violation
	["23505", "race"],
	// "cached plan must not change result type", invalid_sql_statement_name
	["0A000", "stale"],
	["26000", "stale"],
	// read_only_sql_transaction: this was the primary before a failover
	["25006", "stale"],
	// admin_shutdown, crash_shutdown, cannot_connect_now, idle_session_timeout, idle_in_transaction_session_timeout
	["57P01", "lost"],
	["57P02", "lost"],
	["57P03", "lost"],
	["57P05", "lost"],
	["25P03", "lost"],
	// disk_full
	["53100", "full"],
	// lock_not_available, query_canceled
	["55P03", "away"],
	["57014", "away"],
]);

/** Connection, authorisation, catalog name, resources, operator intervention, system error, internal error. */
const byClass: ReadonlyMap<string, Fault> = new Map<string, Fault>([
	["08", "lost"],
	["28", "away"],
	["3D", "away"],
	["53", "away"],
	["57", "away"],
	["58", "away"],
	["XX", "away"],
]);

/** A failure that came from the database or the way to it, and not from a command. */
export class DatabaseFailure extends Error {
	override readonly name = "DatabaseFailure";
	readonly fault: Fault;
	/** True when COMMIT was sent and not answered: the transaction may have been committed or not. */
	readonly inDoubt: boolean;

	/** @param options what the driver threw, and whether COMMIT was being waited for */
	constructor(message: string, { cause, committing }: { readonly cause: unknown; readonly committing: boolean }) {
		super(message, { cause });
		this.fault = faultOf(cause);
		this.inDoubt = committing && this.fault === "lost";
	}

	/** What a caller of the metadata store gets. */
	toError(): unknown {
		if (this.cause instanceof MetadataError) return this.cause;
		if (this.fault === "mistake" || this.fault === "race") return this.cause;
		if (this.fault === "full")
			return new MetadataError("FULL", "no room on the database's disk", { cause: this.cause });
		const doubt = this.inDoubt ? ", and whether it was done is not known" : "";
		return new MetadataError("UNAVAILABLE", `the database cannot answer${doubt}: ${this.message}`, {
			cause: this.cause,
		});
	}
}

/** What the driver says of a failure; several addresses that refuse come as one error without words. */
export function messageOf(error: unknown): string {
	if (error instanceof AggregateError) return error.errors.map(messageOf).join("; ");
	return error instanceof Error ? error.message : String(error);
}

function faultOf(error: unknown): Fault {
	if (error instanceof MetadataError) return "away";
	// Whatever the driver throws without an answer of the server: a connection that broke or could not be made.
	if (!(error instanceof pg.DatabaseError)) return "lost";
	const code = error.code ?? "";
	return byCode.get(code) ?? byClass.get(code.slice(0, 2)) ?? "mistake";
}
