/** A whole segment in a store. */
export interface SegmentFile {
	readonly key: string;
	readonly number: number;
	/** The hash of the segment that it follows; empty for the first. */
	readonly previous: string;
	readonly hash: string;
	/** Records in it. */
	readonly records: number;
}

/** Where the segments begin: after a snapshot, or at 0 with an empty hash. */
export interface Anchor {
	readonly segment: number;
	readonly hash: string;
}

/** The segments that were sealed, as far as their bytes can tell, and the others. */
export interface Chain {
	readonly chain: readonly SegmentFile[];
	/** Follow the chain, but another segment of the same number was taken. */
	readonly superseded: readonly SegmentFile[];
	/** Follow nothing that is here: something before them is missing. */
	readonly loose: readonly SegmentFile[];
}

/**
 * Chooses among segments. Whether one was sealed is written in metadata only, which is lost; but the next segment names
 * the sealed one, so a segment without a successor beside one with successors never was. At the end of the chain there
 * may be several without: then the one with the most records is right, for all of them begin with the same records (the
 * oldest that are in no segment) and all of those are committed changes.
 */
export const chooseChain = (anchor: Anchor, files: readonly SegmentFile[]): Chain => {
	const later = files.filter((file) => file.number > anchor.segment).sort((a, b) => b.number - a.number);
	const length = new Map<SegmentFile, number>();
	const followers = new Map<string, SegmentFile[]>();
	// From the last number down, so that the followers of a segment are known when it comes.
	for (const file of later) {
		length.set(file, 1 + Math.max(0, ...after(file.number, file.hash).map((next) => length.get(next) ?? 0)));
		const link = linkOf(file.number - 1, file.previous);
		followers.set(link, [...(followers.get(link) ?? []), file]);
	}
	const chain: SegmentFile[] = [];
	const superseded: SegmentFile[] = [];
	for (let at = after(anchor.segment, anchor.hash); at.length > 0; ) {
		const [best, ...others] = at.sort(byMerit);
		if (best === undefined) break;
		chain.push(best);
		superseded.push(...others);
		at = after(best.number, best.hash);
	}
	const placed = new Set([...chain, ...superseded]);
	return { chain, superseded, loose: later.filter((file) => !placed.has(file)).reverse() };

	function after(number: number, hash: string): SegmentFile[] {
		return followers.get(linkOf(number, hash)) ?? [];
	}

	function byMerit(a: SegmentFile, b: SegmentFile): number {
		return (length.get(b) ?? 0) - (length.get(a) ?? 0) || b.records - a.records || (a.key < b.key ? 1 : -1);
	}
};

const linkOf = (number: number, hash: string): string => `${number} ${hash}`;
