import type { ChangedRepository, TagStates } from "#/metadata/tag-states.ts";

/** Changes become visible in another order than that of their times, by as much as a transaction may take; milliseconds. */
export const OVERLAP_MS = 30_000;
/** Rows of one page. */
const PAGE = 500;

/** From where on to look for changes after everything was looked at, from `startedAt` on. */
export const watermarkOf = (startedAt: number): number => startedAt - OVERLAP_MS;

/** What {@link changedSince} works with. */
export interface ChangesDeps {
	readonly tagStates: Pick<TagStates, "changed">;
	readonly isSelected: (repository: string) => Promise<boolean>;
	/** Changes that are passed over: when each repository had changed last. */
	readonly passedOver: ReadonlyMap<string, number>;
}

/** Repositories that changed, and what to remember once they were dealt with. */
export interface Changes {
	/** Page by page. */
	readonly repositories: AsyncIterable<readonly string[]>;
	/** As far as the pages were read: from where on there may be more, milliseconds since the epoch. */
	readonly since: number;
	/** What the pages had and what was passed over: when each repository had changed last. */
	readonly seen: ReadonlyMap<string, number>;
}

/**
 * Repositories of this registry that changed since a time. It looks back a little further, for what was committed late;
 * what was dealt with is told apart by when it changed last.
 */
export const changedSince = (
	{ tagStates, isSelected, passedOver }: ChangesDeps,
	since: number,
	signal: AbortSignal,
): Changes => {
	const from = since - OVERLAP_MS;
	const seen = new Map<string, number>();
	let reached = since;
	const pages = async function* (): AsyncGenerator<readonly string[]> {
		let after: ChangedRepository | undefined;
		for (;;) {
			const page = await tagStates.changed({ since: from, after, limit: PAGE }, signal);
			const names: string[] = [];
			for (const { repository, at } of page) {
				reached = Math.max(reached, Math.floor(at));
				const isKnown = passedOver.get(repository) === at;
				if (!isKnown && !(await isSelected(repository))) continue;
				seen.set(repository, at);
				if (!isKnown) names.push(repository);
			}
			yield names;
			after = page.at(-1);
			if (page.length < PAGE) return;
		}
	};
	return {
		repositories: pages(),
		get since() {
			return reached;
		},
		seen,
	};
};
