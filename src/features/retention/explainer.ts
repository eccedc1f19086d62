import { type RetentionPolicySpec, retentionPolicySpec } from "#/api/retention-policy-spec.ts";
import type { RetentionDecision } from "#/api/retention-report.ts";
import type { Policies } from "#/metadata/policies.ts";
import { compilePolicy } from "./compile-policy.ts";
import { explain } from "./explain.ts";
import { findPolicy } from "./find-policy.ts";
import { type PlannedRepository, type ReadArtifacts, survey } from "./survey.ts";

/** Which decisions are asked for. */
export interface ExplainRequest {
	/** The policy's uid, or its `namespace/name`. */
	readonly policy: string;
	/** Absent: all that the policy is about. */
	readonly repository?: string | undefined;
	/** `next` of the page before; absent: the first page. */
	readonly after?: string | undefined;
	readonly limit: number;
}

/** A page of decisions, and where the next one begins; absent after the last. */
export interface Explanation {
	readonly decisions: readonly RetentionDecision[];
	readonly next?: string;
}

/** What explanations are made of. */
export interface ExplainerDeps {
	readonly policies: Pick<Policies, "find" | "list">;
	readonly artifacts: ReadArtifacts;
	/** The time, by the database's clock where it can be had, milliseconds since the epoch. */
	readonly now: () => Promise<number>;
}

/** Where a page begins: after this artifact, all pages as of one instant. */
interface Place {
	readonly now: number;
	readonly repository?: string;
	readonly digest?: string;
}

/** Tells what a retention policy would do now, artifact by artifact, by the very plan that a run goes by. */
export class Explainer {
	readonly #deps: ExplainerDeps;
	/** The plan that the last page ended in, for as long as nobody needs the memory. */
	#last: { readonly key: string; readonly planned: WeakRef<PlannedRepository> } | undefined;

	constructor(deps: ExplainerDeps) {
		this.#deps = deps;
	}

	/** In byte order of repository and digest; absent when there is no such policy. @throws MetadataError */
	async page(
		{ policy: meant, repository, after, limit }: ExplainRequest,
		signal: AbortSignal,
	): Promise<Explanation | undefined> {
		const found = await findPolicy(this.#deps.policies, meant, signal);
		if (found === undefined) return undefined;
		const spec = retentionPolicySpec.parse(found.spec);
		const place: Place = readPlace(after) ?? { now: await this.#deps.now() };
		const policy = compilePolicy(spec);
		const decisions: RetentionDecision[] = [];
		const end = (): string => {
			const { repository = "", digest = "" } = decisions.at(-1) ?? {};
			return `${place.now}@${repository}@${digest}`;
		};
		const key = `${found.uid}@${found.generation}@${place.now}`;
		for await (const planned of this.#plans(spec, key, place, repository, signal)) {
			const isHere = planned.repository === place.repository;
			for (const [i, { digest }] of planned.plan.facts.entries()) {
				if (isHere && place.digest !== undefined && digest <= place.digest) continue;
				if (decisions.length === limit) return { decisions, next: end() };
				const decision = explain(planned.repository, planned.plan, policy, i);
				if (decision !== undefined) decisions.push(decision);
			}
		}
		return { decisions };
	}

	/** From where the page begins on; what was planned for the page before is not planned again. */
	async *#plans(
		spec: RetentionPolicySpec,
		key: string,
		place: Place,
		repository: string | undefined,
		signal: AbortSignal,
	): AsyncGenerator<PlannedRepository> {
		const known = this.#last?.key === key ? this.#last.planned.deref() : undefined;
		const isKnown = known !== undefined && known.repository === place.repository;
		if (isKnown) yield known;
		const from = isKnown ? `${known.repository}\0` : (place.repository ?? repository);
		const opts = { projects: spec.projects, policy: compilePolicy(spec), now: place.now, from, to: repository };
		for await (const planned of survey(this.#deps.artifacts, opts, signal)) {
			this.#last = { key, planned: new WeakRef(planned) };
			yield planned;
		}
	}
}

const readPlace = (after: string | undefined): Required<Place> | undefined => {
	const [, now, repository, digest] = /^(\d{1,16})@([^@]+)@([^@]+)$/.exec(after ?? "") ?? [];
	if (now === undefined || repository === undefined || digest === undefined) return undefined;
	return { now: Number(now), repository, digest };
};
