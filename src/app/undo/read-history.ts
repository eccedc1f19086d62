import type { HistoryEntry } from "#/control/control.ts";
import type { ContentControl } from "./open-control.ts";
import type { Target } from "./read-target.ts";

const PAGE = 500;

/** The history of a tag, the last first; of a repository, what was deleted from it and can be restored. */
export async function* readHistory(
	control: Pick<ContentControl, "history">,
	{ repository, tag }: Target,
): AsyncGenerator<HistoryEntry> {
	const { signal } = new AbortController();
	let after: string | undefined;
	do {
		const page = await control.history({ repository, tag, after, limit: PAGE }, signal);
		yield* page.entries;
		after = page.next;
	} while (after !== undefined);
}
