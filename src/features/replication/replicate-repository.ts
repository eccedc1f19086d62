import { RemoteError } from "#/client/remote-error.ts";
import type { Digest } from "#/oci/digest.ts";
import { chunksOf } from "./chunks.ts";
import type { Pair } from "./copier.ts";
import { copyTag } from "./copy-tag.ts";
import { findGone } from "./find-gone.ts";
import { followReferrers } from "./follow-referrers.ts";
import type { SourceReference } from "./page-facts.ts";
import { classifyTag } from "./references.ts";
import { type CopyOne, replicatePage } from "./replicate-page.ts";
import type { RunContext } from "./run-context.ts";
import type { SideTag } from "./side.ts";
import type { TagListing } from "./tag-listing.ts";

/** References that are compared at once. */
const PAGE = 500;

/** Attempts at a tag that the source moves while it is copied. */
const MAX_MOVES = 3;

/**
 * Brings one repository of the target to what the policy selects of the source: tags, then cosign's tags of what is
 * there now, then referrers that came to what was there before. What has gone at the source is noted, for later.
 *
 * @param saw is told of a tag that the source has
 * @throws RemoteError when one side cannot be asked at all; what fails for one tag is counted and stops no other
 */
export const replicateRepository = async (
	run: RunContext,
	pair: Pair,
	saw: (tag: string) => void,
	signal: AbortSignal,
): Promise<void> => {
	const listing = await run.source.tags(pair.source, signal);
	const seen = new Set<string>();
	if (listing !== undefined) {
		const walk: Walk = {
			...{ run, pair, roots: new Map(), attended: new Set(), companions: [] },
			listings: { source: run.source.listing?.(pair.source), target: run.target.listing?.(pair.target) },
		};
		for await (const page of listing) {
			const [some] = page;
			if (some !== undefined) saw(some.tag);
			for (const { tag } of page) seen.add(tag);
			for (const chunk of chunksOf(page, PAGE)) await walkTags(walk, chunk, signal);
		}
		for (const chunk of chunksOf(walk.companions, PAGE)) await walkCompanions(walk, chunk, signal);
		if (run.spec.referrers) {
			for await (const digest of followReferrers(run, pair, walk, signal)) seen.add(digest);
		}
		for (const digest of walk.attended) seen.add(digest);
	}
	await findGone(run, pair, seen, signal);
};

/** What is gathered on the way through a repository. */
interface Walk {
	readonly run: RunContext;
	readonly pair: Pair;
	/** What both sides have under a tag now, from source to target. */
	readonly roots: Map<Digest, Digest>;
	/** Manifests whose referrers were copied with a tag, and those referrers. */
	readonly attended: Set<Digest>;
	/** Tags that belong to others: cosign's, of signatures and the like. */
	readonly companions: SideTag[];
	/** What the sides list, where that is less than to ask for each tag. */
	readonly listings: { readonly source: TagListing | undefined; readonly target: TagListing | undefined };
}

const walkTags = async (walk: Walk, tags: readonly SideTag[], signal: AbortSignal): Promise<void> => {
	const { run, pair, roots, companions, listings } = walk;
	const own: SideTag[] = [];
	for (const tag of tags) {
		const { kind } = classifyTag(tag.tag);
		if (kind === "companion") companions.push(tag);
		else if (kind === "tag" && run.selection.hasTag(tag.tag)) own.push(tag);
	}
	const items = await withDigests(walk, own, signal);
	const page = { items, copyOne: copyOne(walk, signal), listing: listings.target };
	const { inSync } = await replicatePage(run, pair, page, signal);
	for (const { source, target } of inSync) roots.set(source, target);
};

/** Signatures of what is at the target, whatever the policy says of tags; none of what is not. */
const walkCompanions = async (walk: Walk, page: readonly SideTag[], signal: AbortSignal): Promise<void> => {
	const { run, pair, roots, listings } = walk;
	if (!run.spec.referrers) return;
	const abouts = new Map<string, Digest>();
	for (const { tag } of page) {
		const found = classifyTag(tag);
		if (found.kind === "companion") abouts.set(tag, found.about);
	}
	const unknown = [...new Set(abouts.values())].filter((about) => !roots.has(about));
	const there = unknown.length === 0 ? new Map() : await run.target.digests(pair.target, unknown, signal);
	const wanted = page.filter(({ tag }) => {
		const about = abouts.get(tag);
		return about !== undefined && (roots.has(about) || there.has(about));
	});
	const items = await withDigests(walk, wanted, signal);
	await replicatePage(run, pair, { items, copyOne: copyOne(walk, signal), listing: listings.target }, signal);
};

/** What tags name, asked for where no list told; those that went meanwhile are passed over. */
const withDigests = async (
	{ run: { source, tally }, pair, listings }: Walk,
	tags: readonly SideTag[],
	signal: AbortSignal,
): Promise<readonly SourceReference[]> => {
	const silent = tags.filter(({ digest }) => digest === undefined).map(({ tag }) => tag);
	const listed = await listings.source?.find(silent, signal);
	const open = silent.filter((tag) => listed?.has(tag) !== true);
	const told = open.length === 0 ? undefined : await source.digests(pair.source, open, signal);
	tally.worked();
	return tags.flatMap(({ tag, digest = listed?.get(tag) ?? told?.get(tag), movedAt }) =>
		digest === undefined ? [] : [{ reference: tag, digest, movedAt, isListed: listed?.has(tag) === true }],
	);
};

const copyOne =
	({ run, pair, attended }: Walk, signal: AbortSignal): CopyOne =>
	async ({ reference: tag, digest: listed }) => {
		let digest = listed;
		for (let attempt = 0; attempt < MAX_MOVES; attempt++) {
			const done = await copyTag(run, pair, { tag, digest }, signal);
			if (done.kind === "excluded") return done;
			if (done.kind === "copied") {
				attended.add(done.target);
				for (const referrer of done.referrers) attended.add(referrer);
				return { kind: "copied", source: digest, target: done.target };
			}
			if (done.source === undefined) return { kind: "vanished" };
			digest = done.source;
		}
		throw new RemoteError("FAILED", "the source moves it faster than it can be copied");
	};
