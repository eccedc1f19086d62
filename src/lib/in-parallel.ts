/**
 * Does `work` on each item, on so many at once, taking the next one when there is room for it. The first failure ends it:
 * nothing more is taken, what is under way is waited for, and it is thrown.
 */
export const inParallel = async <T>(
	items: AsyncIterable<T> | Iterable<T>,
	limit: number,
	work: (item: T) => Promise<void>,
): Promise<void> => {
	const running = new Set<Promise<void>>();
	const failures: unknown[] = [];
	try {
		for await (const item of items) {
			const task: Promise<void> = work(item)
				.catch((error: unknown) => void failures.push(error))
				.finally(() => running.delete(task));
			running.add(task);
			if (running.size >= limit) await Promise.race(running);
			if (failures.length > 0) break;
		}
	} finally {
		await Promise.all(running);
	}
	if (failures.length > 0) throw failures[0];
};
