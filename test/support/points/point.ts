/** Tests that prove a point: by file, the names that they have there; `*` stands for what a name takes from a table. */
export interface Proofs {
	readonly [file: string]: readonly string[];
}

/** One point of what an operator that a cluster trusts must do. */
export interface Point {
	readonly number: number;
	/** What is so, as one sentence. */
	readonly claim: string;
	/** What was tested of it. */
	readonly tests: Proofs;
	/** What is still to be proved, and what for; absent: nothing, the point is proved. */
	readonly open?: string;
}
