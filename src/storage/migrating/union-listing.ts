import type { ListedObject } from "#/storage/merge-listings.ts";

/** One listing of two that are in byte order of the key: what both have is given once, as the first one has it. */
export async function* unionListing(
	first: AsyncIterable<ListedObject>,
	second: AsyncIterable<ListedObject>,
): AsyncGenerator<ListedObject, void, undefined> {
	const rest = second[Symbol.asyncIterator]();
	try {
		let next = await rest.next();
		for await (const object of first) {
			for (; next.done !== true && compare(next.value, object) < 0; next = await rest.next()) yield next.value;
			if (next.done !== true && compare(next.value, object) === 0) next = await rest.next();
			yield object;
		}
		for (; next.done !== true; next = await rest.next()) yield next.value;
	} finally {
		await rest.return?.();
	}
}

/** By key; under one key, the finished object comes first. */
const compare = (one: ListedObject, other: ListedObject): number => {
	if (one.key !== other.key) return one.key < other.key ? -1 : 1;
	return Number(one.staged) - Number(other.staged);
};
