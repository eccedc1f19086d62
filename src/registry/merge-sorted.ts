/** What stands under one key on either side. */
export interface Pair<A, B> {
	readonly key: string;
	readonly left: A | undefined;
	readonly right: B | undefined;
}

interface Keyed {
	readonly key: string;
}

/** Walks two streams, each in byte order of its unique keys, side by side. */
export async function* mergeSorted<A extends Keyed, B extends Keyed>(
	lefts: AsyncIterable<A>,
	rights: AsyncIterable<B>,
): AsyncGenerator<Pair<A, B>> {
	const leftSide = lefts[Symbol.asyncIterator]();
	const rightSide = rights[Symbol.asyncIterator]();
	try {
		let left = await take(leftSide);
		let right = await take(rightSide);
		while (left !== undefined || right !== undefined) {
			const isLeft = left !== undefined && (right === undefined || left.key <= right.key);
			const isRight = right !== undefined && (left === undefined || right.key <= left.key);
			const key = (isLeft ? left?.key : right?.key) ?? "";
			yield { key, left: isLeft ? left : undefined, right: isRight ? right : undefined };
			if (isLeft) left = await take(leftSide);
			if (isRight) right = await take(rightSide);
		}
	} finally {
		await Promise.all([leftSide.return?.(), rightSide.return?.()]);
	}
}

const take = async <T>(side: AsyncIterator<T>): Promise<T | undefined> => {
	const next = await side.next();
	return next.done === true ? undefined : next.value;
};
