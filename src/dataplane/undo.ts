import type { Control, HistoryPage, RestoreOutcome } from "#/control/control.ts";
import type { History, RestoreRefusal } from "#/metadata/history.ts";
import { isDigest } from "#/oci/digest.ts";

/** A page of the history that `Control.history` asks for. */
export const readHistory = async (
	history: Pick<History, "ofTag" | "deleted">,
	{ tag, ...request }: Parameters<Control["history"]>[0],
	signal: AbortSignal,
): Promise<HistoryPage> => {
	const page =
		tag === undefined ? await history.deleted(request, signal) : await history.ofTag({ ...request, tag }, signal);
	return page ?? { entries: [] };
};

/** Restores what `Control.restore` asks for, its input held to the contract. */
export const restoreContent = async (
	history: Pick<History, "restoreManifest" | "restoreTag">,
	{ repository, digest, tag = "", at, actor }: Parameters<Control["restore"]>[0],
): Promise<RestoreOutcome> => {
	const outcome =
		digest !== undefined && isDigest(digest)
			? await history.restoreManifest({ repository, digest, actor })
			: await history.restoreTag({ repository, tag, at, actor });
	if (!("refused" in outcome)) return outcome;
	return { refused: { reason: outcome.refused.reason, message: describe(outcome.refused) } };
};

const describe = (refusal: RestoreRefusal): string => {
	switch (refusal.reason) {
		case "repository-unknown":
			return `there is no repository ${refusal.repository}`;
		case "tag-unknown":
			return `there was no tag ${refusal.tag} then`;
		case "window-ended":
			return `the tag ${refusal.tag} could be restored until ${new Date(refusal.at).toISOString()}`;
		case "immutable":
			return `the tag ${refusal.tag} is immutable by a rule of the project ${refusal.project}, and stays where it is`;
		case "manifest-unknown":
			return `there is no manifest ${refusal.digest}, and none that can be restored`;
		case "content-unknown":
			return `it cannot be restored whole, for what it names is gone: ${refusal.digests.join(", ")}`;
	}
};
