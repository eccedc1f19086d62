/**
 * One page of a list that can only be asked for its next `limit` entries: asks for one more, to know whether another
 * page follows. A page of nothing is the last one, for nothing could come after it in a link.
 */
export const pageOf = async <T>(
	limit: number,
	list: (limit: number) => Promise<readonly T[] | undefined>,
): Promise<{ readonly entries: readonly T[]; readonly more: boolean } | undefined> => {
	const found = await list(limit + 1);
	if (found === undefined) return undefined;
	return { entries: found.slice(0, limit), more: limit > 0 && found.length > limit };
};
