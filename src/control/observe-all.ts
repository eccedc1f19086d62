import type { Control, ObservedResource } from "./control.ts";

const PAGE = 500;

/** Every observation after `cursor`, page by page until there is no more; a resource that changes meanwhile comes again. */
export async function* observeAll(
	control: Pick<Control, "observe">,
	cursor: number,
	signal: AbortSignal,
): AsyncGenerator<ObservedResource, void, undefined> {
	for (let from = cursor; ; ) {
		const page = await control.observe({ cursor: from, limit: PAGE }, signal);
		yield* page.changes;
		if (page.changes.length === 0) return;
		from = page.cursor;
	}
}
