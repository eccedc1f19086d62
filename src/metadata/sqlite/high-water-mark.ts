import type { PreparedStatements } from "./prepared-statements.ts";

/** The mark is written at most once in so many milliseconds, and trusted only up to so many more. */
const STRIDE_MS = 1000;

/** The latest instant the writer gave out, kept in the database so that time does not go back over a restart. */
export class HighWaterMark {
	readonly #statements: PreparedStatements;
	#kept: number;

	/** Makes its table when there is none. The connection must be able to write. */
	constructor(statements: PreparedStatements) {
		this.#statements = statements;
		statements.run({
			sql: `CREATE TABLE IF NOT EXISTS writer_clock (
				only INTEGER PRIMARY KEY CHECK (only = 1),
				high_water INTEGER NOT NULL
			)`,
			params: [],
		});
		this.#kept = this.#read();
	}

	/** No instant before this one was given out, milliseconds since the epoch; 0 for a new database. */
	get floor(): number {
		return this.#kept === 0 ? 0 : this.#kept + STRIDE_MS;
	}

	/** To be called when a transaction that may have raised it was rolled back. */
	reload(): void {
		this.#kept = this.#read();
	}

	/** Keeps `now`, inside the transaction that is open; cheap to call each time. */
	raise(now: number): void {
		if (now < this.#kept + STRIDE_MS) return;
		this.#kept = now;
		this.#statements.run({
			sql: "INSERT INTO writer_clock (only, high_water) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET high_water = excluded.high_water",
			params: [now],
		});
	}

	#read(): number {
		const [row] = this.#statements.run({ sql: "SELECT high_water FROM writer_clock", params: [] });
		return Number(row?.high_water ?? 0);
	}
}
