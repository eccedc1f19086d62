import { inParallel } from "#/lib/in-parallel.ts";
import type { Replica } from "#/metadata/replicas.ts";
import type { Digest } from "#/oci/digest.ts";
import { inSyncByList, withoutRumours } from "./believe-lists.ts";
import type { Pair } from "./copier.ts";
import { isSettled } from "./judge.ts";
import { judgeItem, type PageFacts, type SourceReference } from "./page-facts.ts";
import { isTagReference } from "./references.ts";
import { blankReplica, type RunContext } from "./run-context.ts";
import type { TagListing } from "./tag-listing.ts";

/** What became of one that had to be copied. */
type CopyOutcome =
	/** What the source had: not always what it had when the page was read. */
	| { readonly kind: "copied"; readonly source: Digest; readonly target: Digest }
	| { readonly kind: "excluded" }
	| { readonly kind: "vanished" };

/** Copies one reference. */
export type CopyOne = (item: SourceReference) => Promise<CopyOutcome>;

/** What the target has as it should. */
export interface PageOutcome {
	/** By the digest of the source. */
	readonly inSync: readonly { readonly source: Digest; readonly target: Digest }[];
}

/** One page of references, and how each of them is copied. */
export interface PageToReplicate {
	readonly items: readonly SourceReference[];
	readonly copyOne: CopyOne;
	/** Of the target's repository; absent: it is asked for each. */
	readonly listing?: TagListing | undefined;
}

/**
 * Brings one page of references of a repository to agree: asks what the target has, copies what differs, each by
 * itself, and remembers both that it is about to and that it did, so that a run that was killed knows what is its own.
 */
export const replicatePage = async (
	run: RunContext,
	pair: Pair,
	{ items, copyOne, listing }: PageToReplicate,
	signal: AbortSignal,
): Promise<PageOutcome> => {
	const { replicas, policy, tally, spec } = run;
	const references = items.map(({ reference }) => reference);
	const known = new Map<string, Replica>();
	for (const replica of await replicas.find(policy, pair.target, references, signal))
		known.set(replica.reference, replica);
	const targets = await askTarget(run, pair, { items, known, listing }, signal);
	const sure = await withoutRumours(run, pair, { items, known, targets }, signal);
	const sorted = sortOut(run, pair, { items: sure, known, targets });
	await keep(run, pair, [...sorted.changed, ...sorted.toCopy.map(({ replica }) => replica)]);
	const settled: Replica[] = [];
	const inSync = [...sorted.inSync];
	try {
		await inParallel(sorted.toCopy, spec.concurrency, async ({ item, replica }) => {
			const outcome = await attempt(run, pair, { item, copyOne }, signal);
			if (outcome === undefined) return;
			if (outcome.kind === "copied") inSync.push(outcome);
			settled.push(settle(run, replica, item, outcome));
		});
	} finally {
		await keep(run, pair, settled);
	}
	tally.skipped += sorted.inSync.length;
	return { inSync };
};

/** What the target has. Where it does not answer, what is known to be behind is remembered as such all the same. */
const askTarget = async (
	run: RunContext,
	pair: Pair,
	{ items, known, listing }: PageFacts & { readonly listing: TagListing | undefined },
	signal: AbortSignal,
): Promise<ReadonlyMap<string, Digest>> => {
	const { target, isTrusting, generation, tally } = run;
	const open = items.filter(({ reference, digest }) => !isSettled(digest, known.get(reference), generation));
	const asked = isTrusting ? open : items;
	if (asked.length === 0) return new Map();
	try {
		const listed = await inSyncByList(run, { items: asked, known, listing }, signal);
		const doubtful = asked.flatMap(({ reference }) => (listed.has(reference) ? [] : [reference]));
		const told = doubtful.length === 0 ? [] : await target.digests(pair.target, doubtful, signal);
		tally.worked();
		return new Map([...listed, ...told]);
	} catch (error) {
		signal.throwIfAborted();
		await keep(
			run,
			pair,
			open.map((item) => begun(run, pair, item, known.get(item.reference))),
		);
		throw error;
	}
};

interface SortedPage {
	readonly inSync: readonly { readonly source: Digest; readonly target: Digest }[];
	/** Of which something else is to be remembered than was. */
	readonly changed: readonly Replica[];
	readonly toCopy: readonly { readonly item: SourceReference; readonly replica: Replica }[];
}

const sortOut = (
	run: RunContext,
	pair: Pair,
	{ items, known, targets }: PageFacts & { readonly targets: ReadonlyMap<string, Digest> },
): SortedPage => {
	const { tally, generation, isTrusting } = run;
	const inSync: { source: Digest; target: Digest }[] = [];
	const changed: Replica[] = [];
	const toCopy: { item: SourceReference; replica: Replica }[] = [];
	for (const item of items) {
		const { reference, digest } = item;
		const replica = known.get(reference);
		if (isTrusting && isSettled(digest, replica, generation)) {
			if (replica?.state === "synced" && replica.targetDigest !== undefined) {
				inSync.push({ source: digest, target: replica.targetDigest });
			}
			continue;
		}
		const judgement = judgeItem(run, item, replica, targets.get(reference));
		switch (judgement.kind) {
			case "in-sync": {
				inSync.push({ source: digest, target: judgement.target });
				const now = agreed(pair, item, replica, judgement.target);
				if (replica === undefined || differs(replica, now)) changed.push(now);
				break;
			}
			case "left":
				tally.diverged += 1;
				if (replica !== undefined && replica.state !== "left") changed.push({ ...replica, state: "left" });
				break;
			case "copy":
				if (judgement.diverged && isTagReference(reference)) tally.diverged += 1;
				toCopy.push({ item, replica: begun(run, pair, item, replica) });
				break;
			case "excluded":
				break;
		}
	}
	return { inSync, changed, toCopy };
};

const differs = (a: Replica, b: Replica): boolean =>
	a.state !== b.state ||
	a.sourceDigest !== b.sourceDigest ||
	a.targetDigest !== b.targetDigest ||
	a.pending !== b.pending ||
	a.source !== b.source;

/** What is remembered of one that both sides have. */
const agreed = (
	pair: Pair,
	{ reference, digest }: SourceReference,
	known: Replica | undefined,
	target: Digest,
): Replica => ({
	...blankReplica(reference, pair.source),
	state: "synced",
	sourceDigest: digest,
	targetDigest: target,
	isOurs: known?.isOurs === true || known?.pending === digest,
});

/** What is remembered of one before it is copied. */
const begun = (run: RunContext, pair: Pair, item: SourceReference, known: Replica | undefined): Replica => ({
	...(known ?? blankReplica(item.reference, pair.source)),
	source: pair.source,
	state: "pending",
	pending: item.digest,
	behindSince: known?.behindSince ?? Math.max(item.movedAt ?? run.now(), run.firstRunAt),
});

const settle = (run: RunContext, begun: Replica, item: SourceReference, outcome: CopyOutcome): Replica => {
	const done = { ...begun, pending: undefined, behindSince: undefined };
	switch (outcome.kind) {
		case "copied":
			return { ...done, state: "synced", sourceDigest: outcome.source, targetDigest: outcome.target, isOurs: true };
		case "excluded":
			return { ...done, state: "excluded", sourceDigest: item.digest, generation: run.generation };
		case "vanished":
			return { ...done, state: "gone" };
	}
};

/** One that fails is counted and stops no other. */
const attempt = async (
	{ tally }: RunContext,
	pair: Pair,
	{ item, copyOne }: { readonly item: SourceReference; readonly copyOne: CopyOne },
	signal: AbortSignal,
): Promise<CopyOutcome | undefined> => {
	try {
		const outcome = await copyOne(item);
		tally.worked();
		if (outcome.kind === "copied") tally.copied += 1;
		return outcome;
	} catch (error) {
		signal.throwIfAborted();
		tally.fail(`${pair.source}${isTagReference(item.reference) ? ":" : "@"}${item.reference}`, error);
		return undefined;
	}
};

const keep = async ({ replicas, policy }: RunContext, pair: Pair, rows: readonly Replica[]): Promise<void> => {
	if (rows.length > 0) await replicas.put(policy, pair.target, rows);
};
