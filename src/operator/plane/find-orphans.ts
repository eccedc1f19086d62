import type { ControlledKind } from "#/api/controlled-specs.ts";
import type { ObjectStore } from "#/kube/object-store.ts";
import type { Standing } from "./observations.ts";

/** Who is known of one kind. */
export interface Census {
	/** Whether all are known. */
	readonly synced: boolean;
	readonly isEmpty: boolean;
	has(uid: string): boolean;
}

/** The census of the objects in a store. @param index name of the store's index by uid */
export const censusOf = (store: ObjectStore, index: string): Census => ({
	get synced() {
		return store.synced;
	},
	get isEmpty() {
		return store.list()[Symbol.iterator]().next().done === true;
	},
	has: (uid) => store.by(index, uid).length > 0,
});

/** What a data plane has and nobody wants, and what is to become of it. */
export interface Orphan {
	readonly uid: string;
	readonly fate: "delete" | "release";
}

/**
 * What a data plane has of resources that no longer exist, because they went while nobody could tell it. Identities are
 * deleted, so that nobody gets in by them; projects are released, for theirs is the data, and their owner may come back.
 * A census that is not complete says nothing, and neither does an empty one: it is likelier that the API server lost
 * its state than that everything went unseen.
 */
export const findOrphans = (
	entries: Iterable<readonly [uid: string, standing: Pick<Standing, "kind">]>,
	censuses: { readonly [K in ControlledKind]?: Census },
): readonly Orphan[] => {
	const orphans: Orphan[] = [];
	for (const [uid, { kind }] of entries) {
		const census = censuses[kind];
		if (census === undefined || !census.synced || census.isEmpty || census.has(uid)) continue;
		orphans.push({ uid, fate: kind === "Project" ? "release" : "delete" });
	}
	return orphans;
};
