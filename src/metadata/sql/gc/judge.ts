/** Whether a thing stays, and its review ends, or is collected. Asked on facts that are locked for as long as it counts. */
export type Verdict = "keep" | "collect";

/** What a link's review finds. */
export interface LinkFacts {
	/** Whether there is a repository that has it. */
	readonly isLinked: boolean;
	/** Whether a manifest of the repository names the blob. */
	readonly isUsed: boolean;
}

/** A link is collected when nothing in its repository names the blob. */
export const judgeLink = ({ isLinked, isUsed }: LinkFacts): Verdict => (isLinked && !isUsed ? "collect" : "keep");

/** What a blob's review finds. */
export interface BlobFacts {
	/** Whether it has bytes that are not being deleted already. */
	readonly isLive: boolean;
	/** Whether any repository links it, or a deleted manifest that can be restored holds it. */
	readonly isUsed: boolean;
}

/** A blob is collected when no repository links it and nothing that can be restored needs it. */
export const judgeBlob = ({ isLive, isUsed }: BlobFacts): Verdict => (isLive && !isUsed ? "collect" : "keep");
