/** How much one run of a policy may take away. */
export interface MassGuard {
	/** Percent of what there is. */
	readonly maxShare: number;
	/** Fewer than so many are never too many. */
	readonly minimum: number;
}

/** How many of `count` one run may take away at most; who would take more takes nothing. */
export const allowance = ({ maxShare, minimum }: MassGuard, count: number): number =>
	// One below the minimum always may go.
	Math.max(Math.floor((count * maxShare) / 100), minimum - 1);
