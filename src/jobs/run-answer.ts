import type { RunBook } from "./run-book.ts";

/** What a run came to, as `Control.run` tells it. */
export type RunAnswer = { readonly [count: string]: number | string | boolean };

/** What the last run came to: those of its figures that are numbers, texts or truths, and how it ended. */
export const toAnswer = ({ runs: [run] }: RunBook): RunAnswer => {
	if (run === undefined) return {};
	const scalars = Object.entries(run.figures).filter(
		(entry): entry is [string, number | string | boolean] =>
			typeof entry[1] === "number" || typeof entry[1] === "string" || typeof entry[1] === "boolean",
	);
	return { ...Object.fromEntries(scalars), outcome: run.outcome, message: run.message };
};
