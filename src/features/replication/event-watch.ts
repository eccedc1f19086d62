import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { FoundEvents, IdlePolicy } from "#/jobs/policy-feature.ts";
import type { Clock } from "#/lib/clock.ts";
import { compilePatterns } from "#/lib/doublestar.ts";
import type { Project, Projects } from "#/metadata/projects.ts";
import type { ChangedRepository, TagStates } from "#/metadata/tag-states.ts";
import { projectOf } from "#/oci/name.ts";
import { ChangeFeed } from "./change-feed.ts";
import { OVERLAP_MS } from "./changes.ts";
import type { KnownChanges } from "./known-changes.ts";
import { ownProjects } from "./own-projects.ts";
import { readState, triedUntil } from "./replication-state.ts";

/** What the watch works with. */
export interface EventWatchDeps {
	readonly tagStates: Pick<TagStates, "changed">;
	readonly projects: Pick<Projects, "find">;
	readonly clock: Pick<Clock, "now">;
}

type Policy = IdlePolicy<ReplicationPolicySpec>;

/** Changes of one project. */
interface ProjectChanges {
	readonly project: Project;
	readonly changes: readonly ChangedRepository[];
}

/** How far changes were looked at for a policy. */
interface Watched {
	readonly generation: number;
	/** From when on changes are looked at, milliseconds since the epoch. */
	readonly from: number;
	/** Whether one of these is to be run for. */
	readonly isSelected: (changes: readonly ProjectChanges[]) => boolean;
	/** Where to go on looking; absent: the feed gives all that is new. */
	place: ChangedRepository | undefined;
	/** Pages that were read for it alone. */
	pages: number;
	/** Something happened, and no run has dealt with it. */
	hasEvent: boolean;
}

/** Rows of one page. */
const PAGE = 500;
/** Pages that one look reads for policies that are behind, each for another one of them. */
const MAX_PAGES = 100;

/**
 * Watches what changes here for the policies that want to know. A policy that was not watched before, or ran since,
 * looks at what has changed from where its last run came to, a page at each look; from then on it hears of what is new.
 * So a look costs the same however much has changed, and for however long a target has been away.
 */
export class EventWatch {
	readonly #deps: EventWatchDeps;
	#feed: ChangeFeed;
	#watched = new Map<string, Watched>();

	constructor(deps: EventWatchDeps) {
		this.#deps = deps;
		this.#feed = new ChangeFeed(deps.tagStates);
	}

	/** A run dealt with what the policy was to run for. */
	forget(uid: string): void {
		this.#watched.delete(uid);
	}

	/**
	 * Which policies are to run for changes.
	 *
	 * @param knownOf what this process knows of a policy's changes
	 * @throws MetadataError
	 */
	async look(
		policies: readonly Policy[],
		knownOf: (policy: Policy) => KnownChanges,
		signal: AbortSignal,
	): Promise<FoundEvents> {
		const look = new Look(this.#deps.projects, signal);
		const before = this.#watched;
		// Who is not among these policies begins anew next time, and so do all when this look fails.
		this.#watched = new Map();
		const watched = new Map<string, Watched>();
		for (const policy of policies) {
			await look.attempt(policy.uid, () => {
				const known = knownOf(policy);
				const state = readState(policy.state);
				if (state?.full !== policy.generation && known.generation === undefined) look.found.add(policy.uid);
				if (state === undefined) return;
				watched.set(policy.uid, watch(before.get(policy.uid), policy, triedUntil(state) - OVERLAP_MS, known));
			});
		}
		await this.#hear(watched, look);
		await this.#catchUp(watched, look);
		for (const [uid, { hasEvent }] of watched) if (hasEvent) look.found.add(uid);
		for (const uid of look.failed.keys()) watched.delete(uid);
		this.#watched = watched;
		return look;
	}

	async #hear(watched: ReadonlyMap<string, Watched>, look: Look): Promise<void> {
		if (watched.size === 0) {
			this.#feed = new ChangeFeed(this.#deps.tagStates);
			return;
		}
		const fresh = await look.byProject(await this.#feed.next(this.#deps.clock.now(), look.signal));
		if (fresh.length === 0) return;
		for (const [uid, each] of watched) {
			await look.attempt(uid, () => {
				each.hasEvent ||= each.isSelected(fresh);
			});
		}
	}

	/** One page for each that is behind; who has had fewest comes first. */
	async #catchUp(watched: ReadonlyMap<string, Watched>, look: Look): Promise<void> {
		const behind = [...watched].filter(([, { place, hasEvent }]) => place !== undefined && !hasEvent);
		for (const [uid, each] of behind.toSorted(([, a], [, b]) => a.pages - b.pages).slice(0, MAX_PAGES)) {
			await look.attempt(uid, async () => {
				const { place, from } = each;
				const page = await this.#deps.tagStates.changed({ since: from, after: place, limit: PAGE }, look.signal);
				each.hasEvent = each.isSelected(await look.byProject(page));
				each.place = page.length < PAGE ? undefined : page.at(-1);
				each.pages += 1;
			});
		}
	}
}

const watch = (
	before: Watched | undefined,
	{ generation, spec }: Policy,
	from: number,
	{ seen }: KnownChanges,
): Watched => {
	if (before?.generation === generation && before.from === from) return before;
	const isOwn = ownProjects(spec.projects);
	const hasRepository = compilePatterns(spec.filters.repositories);
	const isNew = ({ repository, at }: ChangedRepository): boolean =>
		at >= from && seen.get(repository) !== at && hasRepository(repository);
	return {
		generation,
		from,
		isSelected: (found) => found.some(({ project, changes }) => isOwn(project) && changes.some(isNew)),
		place: { repository: "", at: from },
		pages: 0,
		hasEvent: false,
	};
};

/** One look: what it found, what failed, and the projects that it met, each of which is looked up once. */
class Look implements FoundEvents {
	readonly found = new Set<string>();
	readonly failed = new Map<string, unknown>();
	readonly signal: AbortSignal;
	readonly #projects: Pick<Projects, "find">;
	readonly #known = new Map<string, Project | undefined>();

	constructor(projects: Pick<Projects, "find">, signal: AbortSignal) {
		this.#projects = projects;
		this.signal = signal;
	}

	/** What fails about one policy is about no other. */
	async attempt(uid: string, work: () => Promise<void> | void): Promise<void> {
		try {
			await work();
		} catch (error) {
			this.signal.throwIfAborted();
			this.failed.set(uid, error);
		}
	}

	/** Changes by the projects that they are of, as far as there are such. @throws MetadataError */
	async byProject(changes: readonly ChangedRepository[]): Promise<readonly ProjectChanges[]> {
		const found: ProjectChanges[] = [];
		for (const [name, ofProject] of Map.groupBy(changes, ({ repository }) => projectOf(repository))) {
			if (!this.#known.has(name)) this.#known.set(name, await this.#projects.find(name, this.signal));
			const project = this.#known.get(name);
			if (project !== undefined) found.push({ project, changes: ofProject });
		}
		return found;
	}
}
