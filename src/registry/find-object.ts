import type { KnownObject, Objects } from "#/metadata/objects.ts";

/** Far more than the objects that share all of a key but its last character. */
const NEIGHBOURS = 32;

/** What metadata knows of one key; absent when nothing. */
export const findObject = async (
	objects: Objects,
	store: string,
	key: string,
	signal: AbortSignal,
): Promise<KnownObject | undefined> => {
	// A prefix comes before everything that it begins, so the key is among the first few after it.
	for (let last = key.slice(0, -1); ; ) {
		const page = await objects.list(store, { last, limit: NEIGHBOURS }, signal);
		const found = page.find((object) => object.key === key);
		const end = page.at(-1)?.key;
		if (found !== undefined || end === undefined || end > key) return found;
		last = end;
	}
};
