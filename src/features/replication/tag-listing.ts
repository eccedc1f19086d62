import { RemoteError } from "#/client/remote-error.ts";
import type { TaggedDigest } from "#/client/remote-registry.ts";
import type { Digest } from "#/oci/digest.ts";

/** Where a {@link TagListing} comes from. */
export interface TagListingSource {
	/** Undefined: there is none. @throws RemoteError */
	readonly open: (signal: AbortSignal) => Promise<AsyncIterable<readonly TaggedDigest[]> | undefined>;
	/** Is told why it could not be opened or read on. */
	readonly failed: (error: RemoteError) => void;
}

/** For fewer tags than these no list is begun. */
const FEWEST = 10;
/** Single questions that are worth one page: a list that has other tags than those looked for is not read for ever. */
const QUESTIONS_PER_PAGE = 20;
/** Tags that are kept for when they are looked for; of more, it says nothing. */
const MAX_KNOWN = 200_000;

/**
 * What a list of another registry says that the tags of one repository name, read as far as it is needed. It makes
 * questions fewer and answers none for good: what it leaves out may be there, what it says may be old, and where it fails
 * it says no more.
 */
export class TagListing {
	readonly #source: TagListingSource;
	/** Of tags that were not looked for yet. */
	readonly #known = new Map<string, Digest>();
	#pages: AsyncIterator<readonly TaggedDigest[]> | "unopened" | "ended" = "unopened";
	/** Pages that may still be read for what was looked for so far. */
	#allowed = 1;

	constructor(source: TagListingSource) {
		this.#source = source;
	}

	/** What it says of tags, each of which is looked for once; of those that it does not say anything of, nothing. */
	async find(tags: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Digest>> {
		const found = new Map<string, Digest>();
		if (this.#pages === "unopened" && tags.length < FEWEST) return found;
		const wanted = new Set(tags);
		const take = (tag: string, digest: Digest): void => {
			found.set(tag, digest);
			wanted.delete(tag);
		};
		for (const tag of tags) {
			const digest = this.#known.get(tag);
			if (digest !== undefined) take(tag, digest);
		}
		this.#allowed += tags.length / QUESTIONS_PER_PAGE;
		while (wanted.size > 0 && this.#allowed >= 1) {
			const page = await this.#next(signal);
			if (page === undefined) break;
			this.#allowed -= 1;
			for (const { tag, digest } of page) {
				if (wanted.has(tag)) take(tag, digest);
				else if (this.#known.size < MAX_KNOWN) this.#known.set(tag, digest);
			}
		}
		for (const tag of found.keys()) this.#known.delete(tag);
		return found;
	}

	async #next(signal: AbortSignal): Promise<readonly TaggedDigest[] | undefined> {
		if (this.#pages === "ended") return undefined;
		try {
			if (this.#pages === "unopened") {
				const pages = await this.#source.open(signal);
				this.#pages = pages === undefined ? "ended" : pages[Symbol.asyncIterator]();
				return await this.#next(signal);
			}
			const { done, value } = await this.#pages.next();
			if (done !== true) return value;
		} catch (error) {
			signal.throwIfAborted();
			if (!(error instanceof RemoteError)) throw error;
			this.#source.failed(error);
		}
		this.#pages = "ended";
		return undefined;
	}
}
