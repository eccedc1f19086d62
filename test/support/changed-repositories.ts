import type { ChangedRepository, TagStates } from "#/metadata/tag-states.ts";

/** What changed in a registry, in memory: {@link TagStates.changed}, and nothing else. */
export class ChangedRepositories implements Pick<TagStates, "changed"> {
	/** Pages that were read. */
	pages = 0;
	/** Thrown by what is called next, as often as it is there. */
	readonly failures: Error[] = [];
	readonly #changed = new Map<string, number>();

	/** A change can be seen from now on; `at`, when it was made, may be some time ago. */
	commit(repository: string, at: number): void {
		this.#changed.set(repository, Math.max(this.#changed.get(repository) ?? 0, at));
	}

	/** When each had changed last. */
	get all(): ReadonlyMap<string, number> {
		return this.#changed;
	}

	async changed({ since, after, limit }: Parameters<TagStates["changed"]>[0]): Promise<readonly ChangedRepository[]> {
		const error = this.failures.shift();
		if (error !== undefined) throw error;
		this.pages += 1;
		return [...this.#changed]
			.map(([repository, at]) => ({ repository, at }))
			.filter((each) => each.at >= since && (after === undefined || compare(each, after) > 0))
			.toSorted(compare)
			.slice(0, limit);
	}
}

const compare = (a: ChangedRepository, b: ChangedRepository): number => {
	if (a.at !== b.at) return a.at - b.at;
	return a.repository < b.repository ? -1 : Number(a.repository > b.repository);
};
