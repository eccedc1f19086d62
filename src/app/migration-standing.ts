import type { DatabaseMigration } from "#/control/control.ts";
import type { TransferStage, TransferWatch } from "#/metadata/sql/transfer/transfer.ts";

/** Tells how the database goes elsewhere. */
export interface DatabaseStanding {
	/** Absent: it stays where it is. */
	tell(): DatabaseMigration | undefined;
}

const STAGES: { readonly [stage in TransferStage]: DatabaseMigration["stage"] } = {
	waiting: "Pending",
	copying: "Copying",
	verifying: "Copying",
	moved: "Completed",
};

/** What a move of the database said last. One process makes it, and its next life begins with nothing. */
export class MigrationStanding implements DatabaseStanding, Pick<TransferWatch, "stage" | "failed" | "progress"> {
	readonly #to: string;
	#stage: TransferStage;
	#rows: DatabaseMigration["rows"];
	#message: string | undefined;

	/** @param to where it goes, in words for people */
	constructor(to: string, stage: TransferStage) {
		this.#to = to;
		this.#stage = stage;
	}

	tell(): DatabaseMigration {
		const [rows, message] = [this.#rows, this.#message];
		return {
			to: this.#to,
			stage: STAGES[this.#stage],
			...(rows === undefined ? {} : { rows }),
			...(message === undefined ? {} : { message }),
		};
	}

	stage(stage: TransferStage): void {
		this.#stage = stage;
		this.#message = undefined;
	}

	progress(done: number, all: number): void {
		this.#rows = { done, all };
	}

	failed(error: unknown): void {
		this.#message = error instanceof Error ? error.message : String(error);
	}
}
