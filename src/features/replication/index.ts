/**
 * Replication: copies of what another registry has, here, or there of what is here, kept in agreement. Each run compares
 * both sides and mends what differs, so that it does not matter what was missed before.
 */

import { LRUCache } from "@thi.ng/cache/lru";
import { type ReplicationPolicySpec, replicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { ReplicationReport } from "#/api/replication-report.ts";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import type {
	FoundEvents,
	IdlePolicy,
	JsonObject,
	ParsedPolicy,
	PolicyFeature,
	PolicyRun,
	RunResult,
} from "#/jobs/policy-feature.ts";
import { type Changes, changedSince, watermarkOf } from "./changes.ts";
import { EventWatch } from "./event-watch.ts";
import { afterRun, type KnownChanges, NOTHING_KNOWN } from "./known-changes.ts";
import { type OpenRunDeps, openRun, ownSide } from "./open-run.ts";
import { settleOtherSide } from "./other-side.ts";
import { replicate } from "./replicate.ts";
import { type ReplicationState, stateAfter, triedUntil } from "./replication-state.ts";
import type { RunContext } from "./run-context.ts";
import { cut, figuresOf, outcomeOf, tellNowAndThen } from "./run-outcome.ts";
import { compileSelection } from "./select.ts";
import { Tally } from "./tally.ts";

/** Is told what a run came to. */
export interface ReplicationMeter {
	ran(policy: string, figures: ReplicationFigures): void;
}

/** What one run did, and how far the copies are from the source after it. */
export interface ReplicationFigures {
	readonly copied: number;
	readonly failed: number;
	readonly removed: number;
	readonly bytes: number;
	readonly behind: number;
	readonly lagSeconds: number;
}

/** What {@link ReplicationFeature} works with. */
export interface ReplicationDeps extends OpenRunDeps {
	/** Opens the way to a policy's other side, credentials and all. @throws RemoteError */
	readonly openRemote: (spec: ReplicationPolicySpec, policy: { readonly uid: string }) => Promise<RemoteRegistry>;
	readonly meter: ReplicationMeter;
}

type Policy = ParsedPolicy<ReplicationPolicySpec>;
type Run = PolicyRun<ReplicationPolicySpec>;

/** What could not be copied is tried again at least so often: whoever was down is brought up to date soon after. Milliseconds. */
const LONGEST_PAUSE_MS = 300_000;
/** Of so many policies it is kept in mind what their last runs saw; one that is forgotten runs once more. */
const MAX_KNOWN = 10_000;
/** Rows of policies that are gone, in one run. */
const FORGOTTEN_EACH = 5_000;

/** Carries out replication policies. */
export class ReplicationFeature implements PolicyFeature<ReplicationPolicySpec> {
	readonly kind = "ReplicationPolicy";
	readonly name = "replication";
	readonly #deps: ReplicationDeps;
	readonly #watch: EventWatch;
	/** By policy, so that the same change is no event again. */
	readonly #known = new LRUCache<string, KnownChanges>(null, { maxlen: MAX_KNOWN });

	constructor(deps: ReplicationDeps) {
		this.#deps = deps;
		this.#watch = new EventWatch(deps);
	}

	parse(spec: JsonObject): ReplicationPolicySpec {
		return replicationPolicySpec.parse(spec);
	}

	blank(): { readonly report: JsonObject; readonly figures: JsonObject } {
		return {
			report: { inSync: 0, behind: 0, diverged: 0, lagSeconds: 0 },
			figures: { copied: 0, skipped: 0, failed: 0, removed: 0, bytes: 0 },
		};
	}

	findEvents(policies: readonly IdlePolicy<ReplicationPolicySpec>[], signal: AbortSignal): Promise<FoundEvents> {
		return this.#watch.look(policies.filter(hearsOfChanges), (policy) => this.#knownOf(policy), signal);
	}

	async run(run: Run, signal: AbortSignal): Promise<RunResult> {
		const { policy, startedAt, isRetry } = run;
		const { replicas, meter, clock } = this.#deps;
		const { uid, generation, spec } = policy;
		const state = await settleOtherSide(run, replicas, signal);
		const { firstRunAt } = state;
		const isFull = run.trigger !== "Event" || state.full !== generation || (isRetry && state.isOpen === true);
		const changes = await this.#changes(run, state, isFull, signal);
		const tally = new Tally();
		const only = isFull ? undefined : changes.repositories;
		const outcome = await this.#carryOut(run, { tally, isTrusting: !isFull, firstRunAt, only }, signal);
		await replicas.forgetGone(FORGOTTEN_EACH);
		const isDone = outcome.outcome !== "Failed";
		// Who gave a command that failed tries again, or nobody does, and what changed is an event still.
		const isKept = isDone || run.trigger !== "Command";
		const after = afterRun(this.#knownOf(policy), state, { generation, isFull, isRetry, isDone, changes });
		if (isKept) this.#known.set(uid, after.known);
		this.#watch.forget(uid);
		const isComplete = outcome.isThrough && tally.isComplete;
		const { since, tried } = isKept ? after : state;
		const kept = stateAfter(state, {
			...{ startedAt, generation, isFull, isThrough: outcome.isThrough, isComplete, isDone, since, tried },
		});
		const counts = await replicas.counts(uid, signal);
		const unseenSince = spec.direction === "Pull" && !isComplete ? (kept.comparedAt ?? firstRunAt) : undefined;
		const report = {
			inSync: counts.synced,
			behind: counts.pending,
			diverged: tally.diverged,
			lagSeconds: secondsSince(clock.now(), [counts.behindSince, unseenSince]),
			observedAt: clock.now(),
		} satisfies Omit<ReplicationReport, "runs">;
		meter.ran(uid, { ...figuresOf(tally), behind: report.behind, lagSeconds: report.lagSeconds });
		return {
			...{ outcome: outcome.outcome, message: outcome.message, longestPauseMs: LONGEST_PAUSE_MS },
			...{ figures: figuresOf(tally), report, state: { ...kept } },
		};
	}

	async #carryOut(
		run: Run,
		opts: Pick<RunContext, "tally" | "isTrusting" | "firstRunAt"> & {
			readonly only: AsyncIterable<readonly string[]> | undefined;
		},
		signal: AbortSignal,
	): Promise<Pick<RunResult, "outcome" | "message"> & { readonly isThrough: boolean }> {
		const { only, ...shared } = opts;
		try {
			await using remote = await this.#deps.openRemote(run.policy.spec, run.policy);
			const context = await openRun(this.#deps, run.policy, remote, shared, signal);
			using _telling = tellNowAndThen(run, opts.tally);
			const replicated = await replicate(context, only, signal);
			return { ...outcomeOf(replicated, opts.tally), isThrough: replicated.ended === undefined };
		} catch (error) {
			if (!(error instanceof RemoteError) || signal.aborted) throw error;
			return { outcome: "Failed", message: cut(error.message), isThrough: false };
		}
	}

	/** What is known under another generation says nothing of this one. */
	#knownOf({ uid, generation }: Policy): KnownChanges {
		const known = this.#known.get(uid);
		return known?.generation === generation ? known : NOTHING_KNOWN;
	}

	/**
	 * What a run is about: of an event what changed since the last one, and what failed before waits for its own time. What
	 * changed until a full run began is all seen by it, also by one that fails.
	 */
	async #changes(
		{ policy, startedAt, isRetry }: Run,
		state: ReplicationState,
		isFull: boolean,
		signal: AbortSignal,
	): Promise<Changes> {
		const known = this.#knownOf(policy);
		if (isFull) {
			const changes = this.#changedSince(policy, watermarkOf(startedAt), new Map(), signal);
			if (hearsOfChanges(policy)) for await (const _ of changes.repositories);
			return changes;
		}
		if (isRetry) return this.#changedSince(policy, state.since, known.handled, signal);
		return this.#changedSince(policy, triedUntil(state), known.seen, signal);
	}

	#changedSince(policy: Policy, since: number, passedOver: ReadonlyMap<string, number>, signal: AbortSignal): Changes {
		const side = ownSide(this.#deps, policy);
		const { hasRepository } = compileSelection(policy.spec.filters);
		const isSelected = async (name: string): Promise<boolean> =>
			hasRepository(name) && (await side.explainRefusal(name, signal)) === undefined;
		return changedSince({ tagStates: this.#deps.tagStates, isSelected, passedOver }, since, signal);
	}
}

const hearsOfChanges = ({ spec }: Policy): boolean => spec.onEvent && spec.direction === "Push" && !spec.suspend;

/** Since the earliest of some instants that there are; 0: there are none. */
const secondsSince = (now: number, instants: readonly (number | undefined)[]): number =>
	Math.max(0, ...instants.map((at) => (at === undefined ? 0 : Math.floor((now - at) / 1_000))));
