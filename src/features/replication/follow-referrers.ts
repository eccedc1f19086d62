import { RemoteError } from "#/client/remote-error.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import type { Digest } from "#/oci/digest.ts";
import { readManifest } from "./choose-artifact.ts";
import { chunksOf } from "./chunks.ts";
import type { Pair } from "./copier.ts";
import type { SourceReference } from "./page-facts.ts";
import { type CopyOne, replicatePage } from "./replicate-page.ts";
import type { RunContext } from "./run-context.ts";
import type { SideReferrer } from "./side.ts";

/** What is known of a repository's tags once they agree. */
export interface AgreedTags {
	/** What both sides have under a tag, from source to target. */
	readonly roots: ReadonlyMap<Digest, Digest>;
}

/** References that are compared at once. */
const PAGE = 500;
/** Referrers of referrers, and so on. */
const MAX_DEPTH = 4;
/** Questions to the source at the same time. */
const QUESTIONS = 16;
/** Referrers of one repository that are kept in mind; more are no list that anybody meant. */
const MAX_LISTED = 1_000_000;

/**
 * Copies what refers to manifests that both sides have: signatures often come after what they sign. This registry, and
 * one that says so, lists all of a repository's referrers; any other is asked manifest by manifest.
 *
 * @yields the digests of all referrers at the source that belong to what is selected
 */
export async function* followReferrers(
	run: RunContext,
	pair: Pair,
	{ roots }: AgreedTags,
	signal: AbortSignal,
): AsyncGenerator<Digest> {
	const copyOne: CopyOne = async ({ digest }) => {
		await run.copier.copy(pair, digest, signal);
		return { kind: "copied", source: digest, target: digest };
	};
	if (roots.size === 0) return;
	const listing = run.target.referrerListing?.(pair.target);
	const attached = await run.source.attached(pair.source, signal);
	const layers =
		attached === undefined ? askedFor(run, pair, roots, signal) : known(run, pair, { roots, attached }, signal);
	for await (const layer of layers) {
		for (const items of chunksOf(layer, PAGE)) {
			await replicatePage(run, pair, { items, copyOne, listing }, signal);
			for (const { digest } of items) yield digest;
		}
	}
}

type Layer = readonly SourceReference[];

/** A referrer of which it is not known yet whether it belongs to what is selected. */
interface Waiting {
	readonly subject: Digest;
	/** Whether an index that both sides have lists its subject. */
	readonly isOfRoot: boolean;
	readonly pushedAt: SideReferrer["pushedAt"] | undefined;
}

/** From a list of all: those of which the subject is selected, is listed by an index that is, or is one of them itself. */
async function* known(
	run: RunContext,
	pair: Pair,
	{ roots, attached }: AgreedTags & { readonly attached: AsyncIterable<readonly SideReferrer[]> },
	signal: AbortSignal,
): AsyncGenerator<Layer> {
	const waiting = new Map<Digest, Waiting>();
	let listed = 0;
	for await (const page of attached) {
		for (const { digest, subject, parents, pushedAt } of page) {
			// Of one manifest there may be many indexes, again for each of its referrers: they are not kept.
			waiting.set(digest, { subject, isOfRoot: parents.some((parent) => roots.has(parent)), pushedAt });
		}
		listed += page.length;
		if (listed > MAX_LISTED) {
			throw new RemoteError("INVALID", `${run.source.name} lists more than ${MAX_LISTED} referrers of ${pair.source}`);
		}
	}
	const chosen = new Set<Digest>();
	for (let depth = 0; depth < MAX_DEPTH && waiting.size > 0; depth++) {
		const layer: SourceReference[] = [];
		for (const [digest, { subject, isOfRoot, pushedAt }] of waiting) {
			const belongs = isOfRoot || isVerbatim(roots, subject) || chosen.has(subject);
			if (belongs) layer.push({ reference: digest, digest, movedAt: pushedAt });
		}
		if (layer.length === 0) return;
		for (const { digest } of layer) {
			chosen.add(digest);
			waiting.delete(digest);
		}
		yield await thereAtTarget(run, pair, layer, signal);
	}
}

/**
 * Of an index that went with some of its entries only, the referrers of the others stay behind: nothing at the target is
 * what they refer to.
 */
const thereAtTarget = async (run: RunContext, pair: Pair, layer: Layer, signal: AbortSignal): Promise<Layer> => {
	if (run.spec.filters.platforms === undefined) return layer;
	const wanted: SourceReference[] = [];
	for (const item of layer) {
		const manifest = await run.copier.find(pair, item.digest, signal);
		const subject = manifest?.parsed.subject?.digest;
		if (subject === undefined) continue;
		if ((await run.target.registry.head(pair.target, subject, signal)) !== undefined) wanted.push(item);
	}
	return wanted;
};

const isVerbatim = (roots: ReadonlyMap<Digest, Digest>, subject: Digest): boolean => roots.get(subject) === subject;

/** By asking the source for each manifest, children of indexes included: those are read at the target, which is here. */
async function* askedFor(
	run: RunContext,
	pair: Pair,
	roots: ReadonlyMap<Digest, Digest>,
	signal: AbortSignal,
): AsyncGenerator<Layer> {
	let subjects: readonly Digest[] = [];
	const entries = [...roots];
	const seen = new Set<Digest>();
	for (const chunk of chunksOf(entries, PAGE)) {
		const found = new Set<Digest>();
		await inParallel(chunk, QUESTIONS, async ([source, target]) => {
			if (source === target) found.add(source);
			for (const child of await childrenAt(run, pair, target, signal)) found.add(child);
		});
		subjects = [...found];
		for (let depth = 0; depth < MAX_DEPTH && subjects.length > 0; depth++) {
			const layer = await referrersOf(run, pair, subjects, signal);
			const fresh = layer.filter(({ digest }) => !seen.has(digest));
			for (const { digest } of fresh) seen.add(digest);
			if (fresh.length > 0) yield fresh;
			subjects = fresh.map(({ digest }) => digest);
		}
	}
}

const referrersOf = async (
	{ source }: RunContext,
	pair: Pair,
	subjects: readonly Digest[],
	signal: AbortSignal,
): Promise<Layer> => {
	const layer = new Map<Digest, SourceReference>();
	await inParallel(subjects, QUESTIONS, async (subject) => {
		for (const { digest } of await source.registry.referrers(pair.source, subject, signal)) {
			layer.set(digest, { reference: digest, digest });
		}
	});
	return [...layer.values()];
};

const childrenAt = async (
	{ target }: RunContext,
	pair: Pair,
	digest: Digest,
	signal: AbortSignal,
): Promise<readonly Digest[]> => {
	const found = await target.registry.manifest(pair.target, digest, signal);
	return found === undefined ? [] : readManifest(found).parsed.children;
};
