import { join } from "node:path";
import { assertObjectKey } from "#/storage/object-key.ts";

/**
 * Where things are under a store's root:
 *
 *     <root>/limani-store    the marker: which store this is
 *     <root>/data/<key>      finished objects
 *     <root>/staged/<key>    unfinished ones; taken over from a writer that was lost: <key>+<number>
 */
export interface Layout {
	readonly root: string;
	readonly marker: string;
	readonly data: string;
	readonly staged: string;
}

/** The layout of the store at `root`. */
export const layoutOf = (root: string): Layout => ({
	root,
	marker: join(root, "limani-store"),
	data: join(root, "data"),
	staged: join(root, "staged"),
});

/** Where the object under `key` is while unfinished and when finished. */
export interface ObjectPaths {
	readonly data: string;
	readonly staged: string;
}

/** @throws RangeError when `key` is none; so no path outside of the root can be made */
export const pathsOf = (layout: Layout, key: string): ObjectPaths => {
	assertObjectKey(key);
	return { data: `${layout.data}/${key}`, staged: `${layout.staged}/${key}` };
};
