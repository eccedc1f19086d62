import type { ObjectStat } from "./blob-store.ts";

/** An object of a listing. */
export type ListedObject = ObjectStat & { readonly staged: boolean };

/** Merges two listings that are in byte order of the key into one; under one key, the finished object comes first. */
export async function* mergeListings(
	finished: AsyncIterable<ObjectStat>,
	staged: AsyncIterable<ObjectStat>,
): AsyncGenerator<ListedObject, void, undefined> {
	const rest = staged[Symbol.asyncIterator]();
	try {
		let next = await rest.next();
		for await (const object of finished) {
			for (; next.done !== true && next.value.key < object.key; next = await rest.next()) {
				yield { ...next.value, staged: true };
			}
			yield { ...object, staged: false };
		}
		for (; next.done !== true; next = await rest.next()) yield { ...next.value, staged: true };
	} finally {
		await rest.return?.();
	}
}
