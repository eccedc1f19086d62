import { setImmediate as nextTurn } from "node:timers/promises";
import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { Artifacts, RepositoryInProject } from "#/metadata/artifacts.ts";
import type { Digest } from "#/oci/digest.ts";
import { type CompiledPolicy, rulesAbout } from "./compile-policy.ts";
import { type Fact, toFact } from "./fact.ts";
import { planRepository, type RepositoryPlan } from "./plan-repository.ts";

/** What reads, of metadata, to plan. */
export type ReadArtifacts = Pick<Artifacts, "repositories" | "list">;

/** A repository that a policy is about, and what becomes of it. */
export interface PlannedRepository {
	readonly repository: string;
	readonly plan: RepositoryPlan;
}

const REPOSITORIES_EACH = 200;
const ARTIFACTS_EACH = 1_000;
/** How long requests may wait for artifacts that are held against a policy's patterns, milliseconds. */
const SLICE_MS = 5;

/** What is planned. */
export interface SurveyOpts {
	readonly projects: PolicyProjects;
	readonly policy: CompiledPolicy;
	/** Milliseconds since the epoch. */
	readonly now: number;
	/** The first repository; absent: from the beginning. */
	readonly from?: string | undefined;
	/** The last one; absent: to the end. */
	readonly to?: string | undefined;
}

/**
 * Plans the repositories that a policy is about, one after the other, in byte order of their names. No more than one is
 * in memory at a time, however many there are.
 */
export async function* survey(
	artifacts: ReadArtifacts,
	{ projects, policy, now, from = "", to }: SurveyOpts,
	signal: AbortSignal,
): AsyncGenerator<PlannedRepository> {
	// Pages begin after a name: that which lacks the last letter comes before, and hardly any others in between.
	let last = from === "" ? undefined : from.slice(0, -1);
	let page: readonly RepositoryInProject[];
	do {
		page = await artifacts.repositories(projects, { last, limit: REPOSITORIES_EACH }, signal);
		for (const { repository, project } of page) {
			signal.throwIfAborted();
			if (repository < from) continue;
			if (to !== undefined && repository > to) return;
			const about = rulesAbout(policy, repository.slice(project.length + 1));
			if (about === 0) continue;
			const facts = await readFacts(artifacts, repository, (artifact) => toFact(artifact, policy, about), signal);
			yield { repository, plan: planRepository(facts, policy, about, now) };
		}
		last = page.at(-1)?.repository;
	} while (page.length === REPOSITORIES_EACH);
}

const readFacts = async (
	artifacts: ReadArtifacts,
	repository: string,
	read: (artifact: Parameters<typeof toFact>[0]) => Fact,
	signal: AbortSignal,
): Promise<readonly Fact[]> => {
	const facts: Fact[] = [];
	let last: Digest | undefined;
	let found: number;
	do {
		const page = await artifacts.list(repository, { last, limit: ARTIFACTS_EACH }, signal);
		signal.throwIfAborted();
		let begun = performance.now();
		for (const artifact of page) {
			facts.push(read(artifact));
			if (performance.now() - begun < SLICE_MS) continue;
			await nextTurn();
			begun = performance.now();
		}
		last = page.at(-1)?.digest;
		found = page.length;
		// Requests are served in between.
		await nextTurn();
	} while (found === ARTIFACTS_EACH);
	return facts;
};
