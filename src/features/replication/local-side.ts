import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { Artifacts } from "#/metadata/artifacts.ts";
import type { Projects } from "#/metadata/projects.ts";
import type { AttachedManifest, TagState, TagStates } from "#/metadata/tag-states.ts";
import { isRepositoryName, projectOf } from "#/oci/name.ts";
import type { Registry } from "#/registry/registry.ts";
import { LocalRegistry } from "./local-registry.ts";
import { ownProjects } from "./own-projects.ts";
import type { Side } from "./side.ts";

/** What {@link localSide} works with. */
export interface LocalSideDeps {
	readonly registry: Registry;
	readonly artifacts: Pick<Artifacts, "repositories">;
	readonly projects: Pick<Projects, "find">;
	readonly tagStates: TagStates;
	/** Who writes, for history and events. */
	readonly actor: string;
}

/** Rows of one page. */
const PAGE = 500;
/** Of referrers, to each of which there may be many indexes. */
const ATTACHED_PAGE = 100;

/**
 * This registry as a side, as far as a policy may see it: the repositories of its projects. What tags name comes a page
 * at a time from the database.
 *
 * @throws PatternError
 */
export const localSide = (deps: LocalSideDeps, wanted: PolicyProjects): Side => {
	const { registry, artifacts, tagStates, actor } = deps;
	const explain = explainProjects(deps.projects, wanted);
	return {
		registry: new LocalRegistry({ registry, actor }),
		name: "this registry",
		isLocal: true,
		repositories: async function* (signal) {
			for (let last: string | undefined; ; ) {
				const page = await artifacts.repositories(wanted, { last, limit: PAGE }, signal);
				yield page.map(({ repository }) => repository);
				last = page.at(-1)?.repository;
				if (page.length < PAGE) return;
			}
		},
		tags: async (repository, signal) => {
			if ((await explain(repository, signal)) !== undefined) return undefined;
			const first = await tagStates.list(repository, { limit: PAGE }, signal);
			return first && pagesFrom(first, tagStates, repository, signal);
		},
		digests: async (repository, references, signal) => {
			const found = await tagStates.digests(repository, references, signal);
			return new Map(found.map(({ reference, digest }) => [reference, digest]));
		},
		attached: async (repository, signal) => attachedTo(tagStates, repository, signal),
		explainRefusal: explain,
		holders: (repository, digest, signal) => registry.blobs.holders(repository, digest, signal),
	};
};

async function* pagesFrom(
	first: readonly TagState[],
	tagStates: TagStates,
	repository: string,
	signal: AbortSignal,
): AsyncGenerator<readonly TagState[]> {
	let page: readonly TagState[] = first;
	for (;;) {
		yield page;
		if (page.length < PAGE) return;
		page = (await tagStates.list(repository, { last: page.at(-1)?.tag, limit: PAGE }, signal)) ?? [];
	}
}

async function* attachedTo(
	tagStates: TagStates,
	repository: string,
	signal: AbortSignal,
): AsyncGenerator<readonly AttachedManifest[]> {
	for (let last: string | undefined; ; ) {
		const page = await tagStates.attached(repository, { last, limit: ATTACHED_PAGE }, signal);
		yield page;
		last = page.at(-1)?.digest;
		if (page.length < ATTACHED_PAGE) return;
	}
}

/** Why a policy has nothing to do with a repository; each project is looked up once. */
const explainProjects = (projects: Pick<Projects, "find">, wanted: PolicyProjects): Side["explainRefusal"] => {
	const isOwn = ownProjects(wanted);
	const known = new Map<string, Promise<string | undefined>>();
	const judge = async (name: string, signal: AbortSignal): Promise<string | undefined> => {
		const project = await projects.find(name, signal);
		if (project === undefined) return `there is no project ${name}`;
		return isOwn(project) ? undefined : `the policy is not for project ${name}`;
	};
	return async (repository, signal) => {
		if (!isRepositoryName(repository)) return `${repository} is not a repository's name`;
		const name = projectOf(repository);
		const answer = known.get(name) ?? judge(name, signal);
		known.set(name, answer);
		// A database that did not answer is asked again.
		answer.catch(() => known.delete(name));
		return answer;
	};
};
