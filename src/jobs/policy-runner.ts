/** Carries out the policies of one kind when they are due, in one process at a time each, however many look. */
import { setTimeout as sleep } from "node:timers/promises";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import type { Policies } from "#/metadata/policies.ts";
import { type CarryOutDeps, carryOut, type HeldPolicy, saveBook, turnsCut } from "./carry-out.ts";
import { planDue, type RunCause } from "./due.ts";
import type { LeaseDeps } from "./hold-lease.ts";
import { holdPolicy } from "./hold-policy.ts";
import { JobError } from "./job-error.ts";
import { Lookout, type Seen } from "./lookout.ts";
import { Places } from "./places.ts";
import { type PolicyFeature, type PolicySpec, tenantOf } from "./policy-feature.ts";
import { type RunAnswer, toAnswer } from "./run-answer.ts";
import { historyOf, type RunBook } from "./run-book.ts";

/** What the runner works with. */
export interface PolicyRunnerDeps extends CarryOutDeps, LeaseDeps {
	readonly policies: Policies;
	readonly outbox: Pick<Outbox, "lease">;
	readonly clock: CarryOutDeps["clock"];
}

/** How the runner goes about it; times in milliseconds. */
export interface PolicyRunnerOpts {
	/** Between two looks, where nothing is due before. @defaultValue 15 000 */
	readonly intervalMs: number;
	/** How long a policy is held without a sign of life. @defaultValue 60 000 */
	readonly leaseMs: number;
	/** Runs at the same time. @defaultValue 2 */
	readonly concurrency: number;
	/** Of them, runs of policies of one namespace. @defaultValue half of them, rounded up */
	readonly perTenant: number;
	/**
	 * How long a run may go on while others wait for its place; it is gone on with after them, for twice as long, so that
	 * any run comes to its end. What runs once makes room for nobody. @defaultValue 900 000
	 */
	readonly turnMs: number;
}

const DEFAULT_OPTS = { intervalMs: 15_000, leaseMs: 60_000, concurrency: 2, turnMs: 900_000 };
const LONGEST_PAUSE_MS = 300_000;

/** Runs policies that are due until it is told to stop; what was cut short, here or elsewhere, is run again. */
export class PolicyRunner<Spec extends PolicySpec> {
	readonly #feature: PolicyFeature<Spec>;
	readonly #deps: PolicyRunnerDeps;
	readonly #opts: PolicyRunnerOpts;
	readonly #lookout: Lookout<Spec>;
	readonly #places: Places;
	readonly #claimed = new Set<string>();
	readonly #stopping = new AbortController();
	#woken = Promise.withResolvers<void>();

	constructor(feature: PolicyFeature<Spec>, deps: PolicyRunnerDeps, opts: Partial<PolicyRunnerOpts> = {}) {
		const given = { ...DEFAULT_OPTS, ...opts };
		this.#feature = feature;
		this.#deps = deps;
		this.#opts = { ...given, perTenant: opts.perTenant ?? Math.ceil(given.concurrency / 2) };
		this.#lookout = new Lookout(feature, deps);
		this.#places = new Places(this.#opts);
	}

	/** Looks again at once: policies changed, or something happened to what they are about. */
	wake(): void {
		this.#woken.resolve();
	}

	/** Carries policies out until `signal` is aborted, and waits for the runs that end then. */
	async run(signal: AbortSignal): Promise<void> {
		const stop = () => this.#stopping.abort(signal.reason);
		if (signal.aborted) stop();
		signal.addEventListener("abort", stop, { once: true });
		let failures = 0;
		while (!signal.aborted) {
			this.#woken = Promise.withResolvers();
			let pause = this.#opts.intervalMs;
			try {
				const next = await this.look(signal);
				failures = 0;
				if (next !== undefined) pause = Math.min(pause, Math.max(next - this.#deps.clock.now(), 0));
			} catch (error) {
				if (signal.aborted) break;
				this.#deps.report({ event: "policy.look-failed", level: "error", error, fields: { kind: this.#feature.name } });
				failures += 1;
				pause = Math.min(pause * 2 ** failures, LONGEST_PAUSE_MS);
			}
			await this.#pause(pause, signal);
		}
		await this.#places.ended();
	}

	/**
	 * Begins what is due, as far as there is room; the runs go on by themselves. Resolves to when something will be due
	 * next by the schedule, if that is known.
	 *
	 * @throws MetadataError
	 */
	async look(signal: AbortSignal): Promise<number | undefined> {
		const { generations, seen, next } = await this.#lookout.look((uid) => this.#places.has(uid), signal);
		this.#places.endChanged(generations);
		const waiting = new Set<string>();
		for (const each of seen) {
			const isRoom = this.#places.hasRoom(each.tenant);
			// What happens to a policy while it runs elsewhere waits for that, and for no place here.
			if (each.isDue && !isRoom && !each.isTaken) waiting.add(each.tenant);
			if ((each.isDue && isRoom) || each.isStale) await this.#tryTake(each, isRoom);
		}
		for (const tenant of waiting) this.#places.makeRoom(tenant, this.#deps.clock.monotonic());
		return next;
	}

	/**
	 * Runs a policy because somebody asks for it, and resolves to what it came to. Waits while another process has it, at
	 * most as long as that may be dead without anybody knowing. Aborting ends the run.
	 *
	 * @throws JobError UNKNOWN, SUSPENDED, BUSY; MetadataError
	 */
	async runNow(uid: string, signal: AbortSignal): Promise<RunAnswer> {
		const { clock } = this.#deps;
		const until = clock.monotonic() + 2 * this.#opts.leaseMs;
		for (;;) {
			signal.throwIfAborted();
			const run = this.#places.has(uid) ? undefined : await this.#command(uid, signal);
			if (run !== undefined) return toAnswer(await run.done);
			if (clock.monotonic() > until) throw new JobError("BUSY", "the policy is being carried out already");
			await sleep(Math.min(1_000, this.#opts.leaseMs / 4), undefined, { signal });
		}
	}

	async #command(uid: string, signal: AbortSignal): Promise<{ readonly done: Promise<RunBook> } | undefined> {
		const found = await this.#deps.policies.find(uid, signal);
		if (found?.kind !== this.#feature.kind) throw new JobError("UNKNOWN", `there is no ${this.#feature.kind} ${uid}`);
		const held = await this.#hold(uid);
		if (held === undefined) return undefined;
		if (!held.policy.spec.suspend) return { done: this.#start(held, { trigger: "Command", isRetry: false }, signal) };
		await held.lease[Symbol.asyncDispose]();
		throw new JobError("SUSPENDED", "the policy is suspended");
	}

	/** What fails about one policy stops no other; where the database does, there is nothing to be done for any. */
	async #tryTake(seen: Seen, isRoom: boolean): Promise<void> {
		try {
			await this.#take(seen, isRoom);
			this.#lookout.settle(seen.uid);
		} catch (error) {
			if (error instanceof MetadataError) throw error;
			this.#lookout.setAside(seen.uid, error);
		}
	}

	/** Takes a policy, if nobody else has it, notes what is new of it, and begins a run that is due. */
	async #take({ uid, hasEvent }: Seen, isRoom: boolean): Promise<void> {
		const held = await this.#hold(uid);
		if (held === undefined) return;
		await using holding = new AsyncDisposableStack();
		holding.use(held.lease);
		const plan = planDue(held.policy.spec, historyOf(held.book), hasEvent, this.#deps.clock.now());
		if (plan.due && isRoom) {
			// The run lets the lease go.
			holding.move();
			this.#start(held, plan).catch((error) => this.#reportUnkept(uid, error));
			return;
		}
		await saveBook(this.#feature, this.#deps, held).catch((error) => this.#reportUnkept(uid, error));
	}

	#hold(uid: string): Promise<HeldPolicy<Spec> | undefined> {
		return holdPolicy(this.#feature, { ...this.#deps, claimed: this.#claimed }, uid, this.#opts.leaseMs);
	}

	#start(held: HeldPolicy<Spec>, { trigger, isRetry }: RunCause, asked?: AbortSignal): Promise<RunBook> {
		const ending = new AbortController();
		const signals = [this.#stopping.signal, ending.signal, ...(asked === undefined ? [] : [asked])];
		const { uid, generation, spec } = held.policy;
		let isKept = true;
		const work = async (): Promise<RunBook> => {
			try {
				return await carryOut(this.#feature, this.#deps, held, { trigger, isRetry }, AbortSignal.any(signals));
			} catch (error) {
				isKept = false;
				throw error;
			} finally {
				await held.lease[Symbol.asyncDispose]();
				this.#places.delete(uid);
				// What could not be kept would begin again at once, over and over.
				if (isKept) this.wake();
			}
		};
		const done = work();
		const startedAt = this.#deps.clock.monotonic();
		const turnMs = spec.once ? Number.POSITIVE_INFINITY : this.#opts.turnMs * 2 ** turnsCut(held.book);
		this.#places.add(uid, { tenant: tenantOf(spec), generation, startedAt, turnMs, ending, done });
		return done;
	}

	#reportUnkept(uid: string, error: unknown): void {
		if (error instanceof JobError) return;
		const fields = { kind: this.#feature.name, policy: uid };
		this.#deps.report({ event: "policy.unkept", level: "error", error, fields });
	}

	async #pause(ms: number, signal: AbortSignal): Promise<void> {
		const over = new AbortController();
		const timer = sleep(ms, undefined, { signal: AbortSignal.any([signal, over.signal]), ref: false });
		await Promise.race([timer.catch(() => undefined), this.#woken.promise]);
		over.abort();
	}
}
