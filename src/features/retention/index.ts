/**
 * Carries out RetentionPolicies: what no rule keeps is deleted, as by hand, so that it can be restored within its
 * project's window. Everything is planned before anything is removed, and the plan is what `explain` tells.
 */

import { type RetentionPolicySpec, retentionPolicySpec } from "#/api/retention-policy-spec.ts";
import type { RetentionDecision } from "#/api/retention-report.ts";
import { MAX_EXPLAINED } from "#/api/run-report.ts";
import { allowance } from "#/jobs/mass-guard.ts";
import type { JsonObject, PolicyFeature, PolicyRun, RunResult } from "#/jobs/policy-feature.ts";
import type { Artifacts } from "#/metadata/artifacts.ts";
import type { Refusal } from "#/metadata/refusal.ts";
import { type CompiledPolicy, compilePolicy } from "./compile-policy.ts";
import { explain, toReported } from "./explain.ts";
import { judgeMass } from "./guard.ts";
import { type Removal, removeGoing } from "./remove-going.ts";
import { type PlannedRepository, survey } from "./survey.ts";
import { Tally } from "./tally.ts";

/** Is told what retention takes away. */
export interface RetentionMeter {
	removed(artifacts: number, bytes: number): void;
}

/** What retention works with. */
export interface RetentionDeps {
	readonly artifacts: Artifacts;
	/** The database's clock, by which ages are reckoned, and how long ago it jumped (`ClockWatch`). */
	readonly clock: { look(): Promise<{ readonly now: number; readonly quietMs: number }> };
	/** After a jump of the clock nothing is removed for so many milliseconds. */
	readonly quietMs: number;
	readonly meter: RetentionMeter;
}

/** What a run goes by from its beginning to its end. */
interface Going {
	readonly run: PolicyRun<RetentionPolicySpec>;
	readonly policy: CompiledPolicy;
	readonly now: number;
	readonly signal: AbortSignal;
}

/** {@link PolicyFeature} of the kind RetentionPolicy. */
export class Retention implements PolicyFeature<RetentionPolicySpec> {
	readonly kind = "RetentionPolicy";
	readonly name = "retention";
	readonly #deps: RetentionDeps;

	constructor(deps: RetentionDeps) {
		this.#deps = deps;
	}

	parse(spec: JsonObject): RetentionPolicySpec {
		return retentionPolicySpec.parse(spec);
	}

	blank(spec: RetentionPolicySpec): { readonly report: JsonObject; readonly figures: JsonObject } {
		return { report: { explain: [] }, figures: { ...new Tally(compilePolicy(spec)).figures(spec.dryRun) } };
	}

	async run(run: PolicyRun<RetentionPolicySpec>, signal: AbortSignal): Promise<RunResult> {
		const { spec } = run.policy;
		const { now, quietMs } = await this.#deps.clock.look();
		if (!spec.dryRun && quietMs < this.#deps.quietMs) return { outcome: "Stopped", message: wordJump(quietMs) };
		const going = { run, policy: compilePolicy(spec), now, signal };
		const planned = await this.#plan(going);
		const figures = { ...planned.tally.figures(spec.dryRun) };
		const report = { explain: toReported(planned.explained) };
		const tooMuch = judgeMass(spec.guard, planned.tally);
		if (tooMuch !== undefined) {
			const none = { ...figures, kept: planned.tally.looked, removed: 0, bytes: 0 };
			return { outcome: "Stopped", message: tooMuch, report, figures: spec.dryRun ? figures : none };
		}
		if (spec.dryRun) return { outcome: "Succeeded", message: wordRun("would remove", planned.tally), figures, report };
		await run.keep({ figures: { looked: figures.looked, kept: figures.looked }, report });
		return await this.#remove(going, planned.tally);
	}

	/** The whole plan, of which nothing is kept but its figures: the next pass makes it again. */
	async #plan({ run, policy, now, signal }: Going) {
		const tally = new Tally(policy);
		const explained: RetentionDecision[] = [];
		const { projects } = run.policy.spec;
		for await (const found of survey(this.#deps.artifacts, { projects, policy, now }, signal)) {
			tally.look(found.plan);
			const { going } = found.plan;
			tally.remove(
				going.length,
				going.reduce((sum, { fact }) => sum + fact.size, 0),
			);
			explained.push(...explainGoing(found, policy, MAX_EXPLAINED - explained.length));
		}
		return { tally, explained };
	}

	async #remove({ run, policy, now, signal }: Going, planned: Tally): Promise<RunResult> {
		const { projects, guard, name } = run.policy.spec;
		const { artifacts, meter } = this.#deps;
		const limit = allowance(guard, planned.looked);
		const done = new Tally(policy);
		const explained: RetentionDecision[] = [];
		let changed = 0;
		const end = (outcome: RunResult["outcome"], message: string): RunResult => ({
			outcome,
			message,
			figures: { ...done.figures(false) },
			report: { explain: toReported(explained) },
		});
		for await (const found of survey(artifacts, { projects, policy, now }, signal)) {
			const { repository, plan } = found;
			done.look(plan);
			if (done.removed + plan.going.length > limit) {
				return end(
					"Stopped",
					`${wordRun("removed", done)}; then more was to go than when the run began, and it stopped`,
				);
			}
			const removals = await removeGoing({ artifacts, actor: `retention policy ${name}` }, repository, plan, signal);
			const gone = removals.filter(({ refused }) => refused === undefined);
			const bytes = gone.reduce((sum, { going }) => sum + going.fact.size, 0);
			done.remove(gone.length, bytes);
			meter.removed(gone.length, bytes);
			changed += removals.length - gone.length;
			explained.push(...explainRemovals(found, policy, removals.slice(0, MAX_EXPLAINED - explained.length)));
			signal.throwIfAborted();
		}
		return end("Succeeded", `${wordRun("removed", done)}${wordChanged(changed)}`);
	}
}

const explainGoing = (
	{ repository, plan }: PlannedRepository,
	policy: CompiledPolicy,
	limit: number,
): readonly RetentionDecision[] =>
	plan.going.slice(0, limit).flatMap(({ place }) => explain(repository, plan, policy, place) ?? []);

const explainRemovals = (
	{ repository, plan }: PlannedRepository,
	policy: CompiledPolicy,
	removals: readonly Removal[],
): readonly RetentionDecision[] =>
	removals.flatMap(({ going, refused }) => {
		const decision = explain(repository, plan, policy, going.place);
		if (decision === undefined) return [];
		return refused === undefined ? decision : { ...decision, keep: true, why: wordRefused(refused) };
	});

const wordRefused = (refused: Refusal | "anchor-stays"): string => {
	if (refused === "anchor-stays") return "it stays, for what it belongs to changed since this run looked at it";
	switch (refused.reason) {
		case "in-use":
			return "it stays, for an index that was pushed since this run looked at it names it";
		case "guarded":
			return `it stays: ${refused.message}`;
		case "manifest-unknown":
		case "repository-unknown":
			return "it was deleted by somebody else since this run looked at it";
		default:
			return "it stays, for it was pushed, pulled or tagged since this run looked at it";
	}
};

const wordRun = (verb: string, { removed, looked, bytes, repositories }: Tally): string =>
	removed === 0
		? `${verb} nothing of ${looked} artifacts`
		: `${verb} ${removed} of ${looked} artifacts (${bytes} bytes) in ${repositories} ${repositories === 1 ? "repository" : "repositories"}`;

const wordChanged = (changed: number): string =>
	changed === 0 ? "" : `; ${changed} stay, for they or what they belong to changed meanwhile`;

const wordJump = (quietMs: number): string =>
	`nothing was removed: the database's clock jumped ${Math.ceil(quietMs / 60_000)} minutes ago, and ages are not to be trusted`;
