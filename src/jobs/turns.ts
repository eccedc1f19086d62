/** A policy in the order in which tenants and their policies take turns. */
export interface TurnTaker {
	readonly tenant: string;
	/** When it ran last, milliseconds since the epoch; 0: it never did. */
	readonly ranAt: number;
}

/**
 * The order in which those who wait get places: one of each tenant, then a second of each, and so on. The tenant of
 * whom the last run began longest ago comes first, and so does, of a tenant's policies, the one that ran longest ago: who
 * has many, or runs all the time, keeps nobody waiting.
 *
 * @param all those who wait and those who do not, who may have run for the same tenants
 */
export const inTurn = <T extends TurnTaker>(waiting: readonly T[], all: readonly TurnTaker[]): readonly T[] => {
	const ranAt = new Map<string, number>();
	for (const each of all) ranAt.set(each.tenant, Math.max(ranAt.get(each.tenant) ?? 0, each.ranAt));
	return [...Map.groupBy(waiting, ({ tenant }) => tenant)]
		.toSorted(([a], [b]) => (ranAt.get(a) ?? 0) - (ranAt.get(b) ?? 0))
		.flatMap(([, policies]) =>
			policies.toSorted((a, b) => a.ranAt - b.ranAt).map((policy, round) => ({ policy, round })),
		)
		.toSorted((a, b) => a.round - b.round)
		.map(({ policy }) => policy);
};
