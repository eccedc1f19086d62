import type { HistoryEntry } from "#/control/control.ts";
import type { ContentControl } from "./open-control.ts";
import { readHistory } from "./read-history.ts";
import type { Target } from "./read-target.ts";

/** What is to be restored: one thing, or all that was deleted from a repository at `since` or later. */
type Wanted = Parameters<ContentControl["restore"]>[0];

/**
 * What to ask for so that a repository has again what was deleted from it: manifests, each of which brings its tags
 * along, and then the tags that were deleted by themselves.
 *
 * @param since milliseconds since the epoch; what was deleted before it stays deleted
 */
export const planRestoreAll = async (
	control: Pick<ContentControl, "history">,
	{ repository }: Target,
	since: number,
	actor: string,
): Promise<readonly Wanted[]> => {
	const entries = await Array.fromAsync(readHistory(control, { repository }));
	const recent = entries.filter(({ endedAt = 0 }) => endedAt >= since);
	return [...recent.filter(isManifest), ...recent.filter((entry) => !isManifest(entry))].map(({ tag, digest }) =>
		tag === undefined ? { repository, digest, actor } : { repository, tag, actor },
	);
};

const isManifest = ({ tag }: HistoryEntry): boolean => tag === undefined;
