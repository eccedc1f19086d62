import type { DatabaseSync } from "node:sqlite";
import { type Departure, findDeparture } from "#/metadata/sql/transfer/departure.ts";
import { openReadConnection } from "./connection.ts";
import { PreparedStatements } from "./prepared-statements.ts";
import { toMetadataError } from "./sqlite-failure.ts";

/** Looks whether metadata has left an embedded database, which it does once and for good. */
export class DepartureWatch implements Disposable {
	readonly #db: DatabaseSync;
	readonly #statements: PreparedStatements;
	#departure: Departure | undefined;

	/** @param file the database, which is there */
	constructor(file: string) {
		this.#db = openReadConnection(file);
		this.#statements = new PreparedStatements(this.#db);
	}

	/** Where it went; undefined while it is there at this moment. @throws MetadataError UNAVAILABLE */
	find(): Departure | undefined {
		try {
			this.#departure ??= this.#statements.runSteps(findDeparture());
			return this.#departure;
		} catch (error) {
			throw toMetadataError(error);
		}
	}

	[Symbol.dispose](): void {
		this.#db.close();
	}
}
