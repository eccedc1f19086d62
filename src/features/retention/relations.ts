import type { Digest } from "#/oci/digest.ts";
import type { Fact } from "./fact.ts";

/** How one artifact hangs on another: it is part of an index, or refers to a subject. */
export type Tie = "part" | "referrer";

/** Who hangs on whom in one repository; artifacts by their place among its facts. */
export interface Relations {
	/** What artifact `i` hangs on. */
	anchorsOf(i: number): readonly number[];
	/** What hangs on artifact `i`. */
	dependentsOf(i: number): readonly { readonly at: number; readonly tie: Tie }[];
	/** Whether a signature refers to artifact `i`. */
	isSigned(i: number): boolean;
}

/** Finds out who hangs on whom. What is named and is not there counts for nothing. */
export const findRelations = (facts: readonly Fact[]): Relations => {
	const isTied = facts.some(({ subject, children }) => subject !== undefined || children.length > 0);
	const places = new Map<Digest, number>(isTied ? facts.map(({ digest }, i) => [digest, i]) : []);
	const anchors = new Map<number, number[]>();
	const dependents = new Map<number, { readonly at: number; readonly tie: Tie }[]>();
	const signed = new Set<number>();
	const tieTo = (anchor: number | undefined, at: number | undefined, tie: Tie): void => {
		if (anchor === undefined || at === undefined || anchor === at) return;
		listIn(anchors, at).push(anchor);
		listIn(dependents, anchor).push({ at, tie });
	};
	for (const [i, { subject, children, isSignature }] of facts.entries()) {
		for (const child of children) tieTo(i, places.get(child), "part");
		// An index that refers to what it names: that hangs on it, not the other way round as well.
		if (subject === undefined || children.includes(subject)) continue;
		const anchor = places.get(subject);
		tieTo(anchor, i, "referrer");
		if (anchor !== undefined && isSignature) signed.add(anchor);
	}
	return {
		anchorsOf: (i) => anchors.get(i) ?? [],
		dependentsOf: (i) => dependents.get(i) ?? [],
		isSigned: (i) => signed.has(i),
	};
};

const listIn = <T>(lists: Map<number, T[]>, key: number): T[] => {
	const list = lists.get(key) ?? [];
	lists.set(key, list);
	return list;
};
