import type { Objects } from "#/metadata/objects.ts";

/** Objects looked at once. */
const PAGE = 100;

/**
 * Whether no object of a store was ever whole, so that an empty root is no missing volume. What was to be written while
 * the store could not be opened is known, too, and never came there.
 *
 * @throws MetadataError
 */
export const isFreshStore = async (objects: Pick<Objects, "list">, store: string): Promise<boolean> => {
	for (let last: string | undefined; ; ) {
		const page = await objects.list(store, { last, limit: PAGE });
		if (page.some(({ state, size }) => state === "live" || size !== undefined)) return false;
		if (page.length < PAGE) return true;
		last = page.at(-1)?.key;
	}
};
