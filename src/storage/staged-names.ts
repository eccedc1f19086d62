import type { ObjectStat } from "./blob-store.ts";
import type { ListedObject } from "./merge-listings.ts";
import { isObjectKey } from "./object-key.ts";

/**
 * Between a key and the id of something staged for it. No key has this character, and it sorts before all that keys
 * have: so what is staged for a key stands right behind it in a listing, in front of every other key.
 */
const SEPARATOR = "!";

/**
 * The name of an object that holds a part of the unfinished object `key`. The id is new for each, so that a process
 * which lost the upload cannot write over what the one stages that has it.
 */
export const stagedName = (key: string, id: string): string => `${key}${SEPARATOR}${id}`;

/** What a name stands for: the object itself, or something staged for it. */
export const parseStagedName = (name: string): { readonly key: string; readonly staged: boolean } => {
	const end = name.indexOf(SEPARATOR);
	return end < 0 ? { key: name, staged: false } : { key: name.slice(0, end), staged: true };
};

/**
 * Objects in byte order of their names as objects of the store, each key at most once as finished and once as staged,
 * with the bytes of all its parts. What others keep there under names that are no keys is left out.
 *
 * @param objects their `key` is the name
 */
export async function* groupStaged(objects: AsyncIterable<ObjectStat>): AsyncGenerator<ListedObject, void, undefined> {
	let staged: ListedObject | undefined;
	for await (const object of objects) {
		const name = parseStagedName(object.key);
		if (!isObjectKey(name.key)) continue;
		if (staged !== undefined && staged.key !== name.key) {
			yield staged;
			staged = undefined;
		}
		if (name.staged) staged = { ...object, key: name.key, size: object.size + (staged?.size ?? 0), staged: true };
		else yield { ...object, staged: false };
	}
	if (staged !== undefined) yield staged;
}
