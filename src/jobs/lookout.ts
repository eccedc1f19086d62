import type { Policies } from "#/metadata/policies.ts";
import type { CarryOutDeps } from "./carry-out.ts";
import { planDue } from "./due.ts";
import { type PolicyFeature, type PolicySpec, tenantOf } from "./policy-feature.ts";
import { type ListedPolicy, PolicyList } from "./policy-list.ts";
import { historyOf, isNoted, runningIn } from "./run-book.ts";
import { SetAside } from "./set-aside.ts";
import { inTurn, type TurnTaker } from "./turns.ts";

/** What the lookout works with. */
export interface LookoutDeps extends Pick<CarryOutDeps, "clock" | "report"> {
	readonly policies: Pick<Policies, "list">;
}

/** A policy that does not run, and that there is something to do for. */
export interface Seen extends TurnTaker {
	readonly uid: string;
	/** Whether a run is to begin. */
	readonly isDue: boolean;
	readonly hasEvent: boolean;
	/** Whether its book does not say what is so: the policy changed, or a run of it is not under way any more. */
	readonly isStale: boolean;
	/** Whether its book says that a run of it is under way: that is in another process, or one that died. */
	readonly isTaken: boolean;
}

/** What a look came to. */
export interface Sight {
	/** Of all policies, by uid. */
	readonly generations: ReadonlyMap<string, number>;
	/** What there is to do: what is due, in turn, and then the rest. */
	readonly seen: readonly Seen[];
	/** When something more will be due by itself, milliseconds since the epoch; absent: it is not known. */
	readonly next: number | undefined;
}

/** Looks for policies of one kind that are due. What goes wrong about one of them is about no other. */
export class Lookout<Spec extends PolicySpec> {
	readonly #feature: PolicyFeature<Spec>;
	readonly #deps: LookoutDeps;
	readonly #list: PolicyList<Spec>;
	/** Of which it could not be told whether they are due, or that could not be taken. */
	readonly #failing: SetAside;
	/** Of which it could not be told whether something happened to them. */
	readonly #deaf: SetAside;

	constructor(feature: PolicyFeature<Spec>, deps: LookoutDeps) {
		this.#feature = feature;
		this.#deps = deps;
		this.#list = new PolicyList(feature, deps);
		this.#failing = new SetAside(deps.clock);
		this.#deaf = new SetAside(deps.clock);
	}

	/** @throws MetadataError when policies cannot be listed */
	async look(isRunning: (uid: string) => boolean, signal: AbortSignal): Promise<Sight> {
		const listed = await this.#list.read(signal);
		const generations = new Map(listed.map(({ policy }) => [policy.uid, policy.generation]));
		for (const aside of [this.#failing, this.#deaf]) aside.retain(generations);
		const idle = listed.filter(({ policy: { uid } }) => !isRunning(uid) && !this.#failing.has(uid));
		const events = await this.#findEvents(idle, signal);
		const plans = idle.flatMap((each) => this.#judge(each, events.has(each.policy.uid)) ?? []);
		const due = plans.filter(({ seen }) => seen.isDue).map(({ seen }) => seen);
		const rest = plans.filter(({ seen }) => !seen.isDue && seen.isStale).map(({ seen }) => seen);
		const next = plans.reduce((soonest, { at }) => Math.min(soonest, at ?? soonest), Number.POSITIVE_INFINITY);
		return {
			generations,
			seen: [...inTurn(due, listed.map(toTurn)), ...rest],
			next: Number.isFinite(next) ? next : undefined,
		};
	}

	/** A policy that cannot be looked after is left alone for a while. */
	setAside(uid: string, error: unknown): void {
		this.#failing.add(uid);
		this.#tell("policy.look-failed", error, uid);
	}

	/** It was looked after. */
	settle(uid: string): void {
		this.#failing.delete(uid);
	}

	#judge(
		each: ListedPolicy<Spec>,
		hasEvent: boolean,
	): { readonly seen: Seen; readonly at: number | undefined } | undefined {
		const { policy, book, findSlot } = each;
		const { uid, spec } = policy;
		try {
			const plan = planDue(spec, historyOf(book), hasEvent, this.#deps.clock.now(), findSlot);
			const isTaken = runningIn(book) !== undefined;
			const isStale = isTaken || !isNoted(book, policy);
			const seen = { ...toTurn(each), uid, isDue: plan.due, hasEvent, isStale, isTaken };
			return { seen, at: plan.due ? undefined : plan.at };
		} catch (error) {
			this.setAside(uid, error);
			return undefined;
		}
	}

	async #findEvents(idle: readonly ListedPolicy<Spec>[], signal: AbortSignal): Promise<ReadonlySet<string>> {
		const asking = idle.filter(({ policy: { uid, spec } }) => !spec.suspend && !this.#deaf.has(uid));
		if (this.#feature.findEvents === undefined || asking.length === 0) return new Set();
		const policies = asking.map(({ policy, book }) => ({ ...policy, state: book.feature }));
		try {
			const { found, failed } = await this.#feature.findEvents(policies, signal);
			for (const { uid } of policies) {
				if (!failed.has(uid)) this.#deaf.delete(uid);
			}
			for (const [uid, error] of failed) {
				this.#deaf.add(uid);
				this.#tell("policy.events-failed", error, uid);
			}
			return found;
		} catch (error) {
			signal.throwIfAborted();
			this.#tell("policy.events-failed", error);
			return new Set();
		}
	}

	#tell(event: string, error: unknown, policy?: string): void {
		const fields = { kind: this.#feature.name, ...(policy === undefined ? {} : { policy }) };
		this.#deps.report({ event, level: "error", error, fields });
	}
}

const toTurn = <Spec extends PolicySpec>({ policy, book }: ListedPolicy<Spec>): TurnTaker => ({
	tenant: tenantOf(policy.spec),
	ranAt: book.runs[0]?.startedAt ?? 0,
});
