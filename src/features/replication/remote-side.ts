import type { AttachedDigest, RemoteRegistry, TaggedDigest } from "#/client/remote-registry.ts";
import { inParallel } from "#/lib/in-parallel.ts";
import type { Digest } from "#/oci/digest.ts";
import type { Side, SideTag } from "./side.ts";
import { TagListing, type TagListingSource } from "./tag-listing.ts";

/** What {@link remoteSide} works with. */
export interface RemoteSideDeps {
	readonly registry: RemoteRegistry;
	/** Names it in messages: its host. */
	readonly name: string;
	/** Questions to it at the same time. */
	readonly questions: number;
}

/** Lists that may fail before none is asked for any more. */
const MAX_FAILURES = 3;

/**
 * Another registry as a side: what a tag names it is asked for one by one, several at once, as far as what it lists does
 * not say it.
 */
export const remoteSide = ({ registry, name, questions }: RemoteSideDeps): Side => ({
	...listingsOf(registry),
	registry,
	name,
	isLocal: false,
	repositories: (signal) => registry.repositories(signal),
	tags: async (repository, signal) => {
		const pages = await registry.tags(repository, signal);
		return pages && named(pages);
	},
	digests: async (repository, references, signal) => {
		const found = new Map<string, Digest>();
		await inParallel(references, questions, async (reference) => {
			const digest = await registry.head(repository, reference, signal);
			if (digest !== undefined) found.set(reference, digest);
		});
		return found;
	},
	attached: (repository, signal) => registry.attached(repository, signal),
	explainRefusal: async () => undefined,
	holders: async () => [],
});

/** A registry whose lists fail has none, and is asked for each tag: that says best what is wrong with it. */
const listingsOf = (registry: RemoteRegistry): Required<Pick<Side, "listing" | "referrerListing">> => {
	let failures = 0;
	const listingBy = (list: TagListingSource["open"]): TagListing =>
		new TagListing({
			open: async (signal) => (failures < MAX_FAILURES ? list(signal) : undefined),
			failed: ({ code }) => {
				// What is wrong with the list of one repository says nothing of others, and costs no waiting.
				if (code !== "INVALID") failures++;
			},
		});
	return {
		listing: (repository) => listingBy((signal) => registry.tagDigests(repository, signal)),
		referrerListing: (repository) =>
			listingBy(async (signal) => {
				const pages = await registry.attached(repository, signal);
				return pages && byDigest(pages);
			}),
	};
};

async function* byDigest(pages: AsyncIterable<readonly AttachedDigest[]>): AsyncGenerator<readonly TaggedDigest[]> {
	for await (const page of pages) yield page.map(({ digest }) => ({ tag: digest, digest }));
}

async function* named(pages: AsyncIterable<readonly string[]>): AsyncGenerator<readonly SideTag[]> {
	for await (const page of pages) yield page.map((tag) => ({ tag }));
}
