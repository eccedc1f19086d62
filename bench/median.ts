/** The middle of some figures, or the mean of the two in the middle; NaN of none. */
export const median = (figures: readonly number[]): number => {
	const inOrder = figures.toSorted((a, b) => a - b);
	const half = inOrder.length >> 1;
	const upper = inOrder[half] ?? Number.NaN;
	return inOrder.length % 2 === 1 ? upper : ((inOrder[half - 1] ?? upper) + upper) / 2;
};
