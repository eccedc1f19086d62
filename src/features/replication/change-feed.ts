import type { ChangedRepository, TagStates } from "#/metadata/tag-states.ts";

/**
 * Changes become visible in another order than that of their times, by as much as a transaction may take and the clocks
 * of processes differ; milliseconds.
 */
const WINDOW_MS = 60_000;
/** Rows of one page. */
const PAGE = 500;
/** Pages that are read at once; what is more waits for the next time. */
const MAX_PAGES = 10;

/**
 * What changes at this registry from now on, read once for all who want to know. It goes forward as changes come, and
 * looks through the last minute again each time it comes to the end, for what was committed late.
 */
export class ChangeFeed {
	readonly #tagStates: Pick<TagStates, "changed">;
	#place: ChangedRepository | undefined;
	/** When it last set out for the end; all that changed a window before that could be seen. */
	#setOutAt: number | undefined;
	/** What was given and may be read again: when each repository had changed. */
	readonly #given = new Map<string, number>();

	constructor(tagStates: Pick<TagStates, "changed">) {
		this.#tagStates = tagStates;
	}

	/**
	 * Changes that were not given before, the first time those of the last minute. When it throws, nothing was given.
	 *
	 * @param now milliseconds since the epoch
	 * @throws MetadataError
	 */
	async next(now: number, signal: AbortSignal): Promise<readonly ChangedRepository[]> {
		const setOutAt = this.#setOutAt ?? now;
		let place = this.#place ?? { repository: "", at: now - WINDOW_MS };
		let isEnd = false;
		const fresh: ChangedRepository[] = [];
		for (let pages = 0; pages < MAX_PAGES && !isEnd; pages++) {
			const page = await this.#tagStates.changed({ since: place.at, after: place, limit: PAGE }, signal);
			fresh.push(...page.filter(({ repository, at }) => this.#given.get(repository) !== at));
			place = page.at(-1) ?? place;
			isEnd = page.length < PAGE;
		}
		for (const { repository, at } of fresh) this.#given.set(repository, at);
		this.#setOutAt = isEnd ? undefined : setOutAt;
		this.#place = isEnd && place.at >= setOutAt - WINDOW_MS ? { repository: "", at: setOutAt - WINDOW_MS } : place;
		if (isEnd) this.#forgetBefore(this.#place.at);
		return fresh;
	}

	#forgetBefore(time: number): void {
		for (const [repository, at] of this.#given) if (at < time) this.#given.delete(repository);
	}
}
