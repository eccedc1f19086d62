import type { Digest } from "#/oci/digest.ts";
import type { Pair } from "./copier.ts";
import { judgeItem, type PageFacts, type SourceReference } from "./page-facts.ts";
import type { RunContext } from "./run-context.ts";
import type { TagListing } from "./tag-listing.ts";

/** What a list says to be as it should be. Of whatever else it says, or leaves out, the target is to be asked itself. */
export const inSyncByList = async (
	run: RunContext,
	{ items, known, listing }: PageFacts & { readonly listing: TagListing | undefined },
	signal: AbortSignal,
): Promise<ReadonlyMap<string, Digest>> => {
	const tags = items.map(({ reference }) => reference);
	const listed = (await listing?.find(tags, signal)) ?? new Map<string, Digest>();
	const inSync = items.flatMap((item): [string, Digest][] => {
		const target = listed.get(item.reference);
		if (target === undefined) return [];
		const { kind } = judgeItem(run, item, known.get(item.reference), target);
		return kind === "in-sync" ? [[item.reference, target]] : [];
	});
	return new Map(inSync);
};

/** The references as they are, once the source was asked for those that would be copied for what a list says of them. */
export const withoutRumours = async (
	run: RunContext,
	pair: Pair,
	{ items, known, targets }: PageFacts & { readonly targets: ReadonlyMap<string, Digest> },
	signal: AbortSignal,
): Promise<readonly SourceReference[]> => {
	const rumours = new Set<string>();
	for (const item of items) {
		const { reference, isListed } = item;
		if (isListed !== true) continue;
		const { kind } = judgeItem(run, item, known.get(reference), targets.get(reference));
		if (kind === "copy") rumours.add(reference);
	}
	if (rumours.size === 0) return items;
	const told = await run.source.digests(pair.source, [...rumours], signal);
	return items.flatMap((item) => {
		if (!rumours.has(item.reference)) return [item];
		const digest = told.get(item.reference);
		return digest === undefined ? [] : [{ ...item, digest }];
	});
};
