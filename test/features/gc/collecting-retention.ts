// Retention as something that happens to a registry that is being collected.
import assert from "node:assert/strict";
import type { Artifacts } from "#/metadata/artifacts.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { isRefused } from "#/metadata/refusal.ts";
import { manifestInput } from "../../conformance/metadata/bench.ts";
import type { ManualClock } from "../../support/manual-clock.ts";
import { type CollectingAct, type SmallAct, TEXTS } from "./collecting-acts.ts";
import { type CollectingModel, linkOf } from "./collecting-model.ts";
import {
	checkRun,
	type Judgement,
	judgeRetention,
	type RetainedPolicy,
	RetainingProcess,
} from "./collecting-policies.ts";

type RetainAct = CollectingAct & { readonly do: "retain" };

/** A process dies. */
export class Crash extends Error {}

/** The history that it happens in. */
export interface RetentionHost {
	/** Of the next process. */
	readonly metadata: Metadata;
	readonly model: CollectingModel;
	/** The database's clock. */
	readonly now: number;
	/** A millisecond passes. */
	tick(): Promise<void>;
	happen(act: SmallAct): Promise<void>;
	/** It was deleted. */
	bury(link: string): void;
	/** Whether it comes of the death of a process, or of broken connections. */
	isDeath(error: unknown): boolean;
}

/** Who carries out the policies of a history, and fails where a run does what it must not. */
export class CollectingRetention {
	readonly #host: RetentionHost;
	readonly #opts: { readonly clock: ManualClock; readonly delayMs: number };
	#process: RetainingProcess;
	/** Until when ages are not to be trusted, by the database's clock. */
	#untrustedUntil = 0;
	/** Whether a process was started in the middle, which cannot tell a jump from a time in which nobody looked. */
	#isUncertain = false;
	/** Manifests that it took away, and runs that came to an end. */
	readonly counts = { retained: 0, runs: 0 };

	constructor(host: RetentionHost, opts: { readonly clock: ManualClock; readonly delayMs: number }) {
		this.#host = host;
		this.#opts = opts;
		this.#process = this.#start();
	}

	/** The process notices what the clock did. */
	async look(): Promise<void> {
		await this.#process.look();
	}

	/** The clock jumped, and the process notices it. */
	async jumped(ms: number): Promise<void> {
		await this.look();
		if (ms !== 0) this.#untrustedUntil = this.#host.now + this.#opts.delayMs;
	}

	/** From now on somebody may take time in which nobody looked for a jump. */
	mayMistake(): void {
		this.#isUncertain = true;
	}

	/** Another process takes the place of the one that did it so far. */
	async restart(): Promise<void> {
		this.mayMistake();
		this.#untrustedUntil = 0;
		this.#process = this.#start();
		await this.look();
	}

	/** A policy is carried out by some process, which may not live to see the end of it. */
	async run(act: RetainAct): Promise<void> {
		const { metadata, now } = this.#host;
		const seen = new Sight(this.#host, act);
		try {
			const result = await this.#process.run(seen.watch(metadata.artifacts), act.policy);
			const isDistrusting = result.outcome === "Stopped" && /clock jumped/.test(result.message);
			if (now < this.#untrustedUntil && !act.policy.dryRun)
				assert.ok(isDistrusting, "ages are not trusted across a jump");
			if (isDistrusting) {
				assert.ok(this.#isUncertain || now < this.#untrustedUntil, "the clock is trusted when it did not jump");
				assert.equal(seen.gone.size, 0);
			} else {
				checkRun(seen, result, act.policy);
				this.counts.runs += 1;
			}
		} catch (error) {
			if (!this.#host.isDeath(error)) throw error;
			await seen.settle();
			await this.restart();
		}
		this.counts.retained += seen.gone.size;
	}

	#start(): RetainingProcess {
		return new RetainingProcess(this.#host.metadata, this.#opts);
	}
}

/** What one run does to what is there, seen from beside it. */
class Sight {
	readonly #host: RetentionHost;
	readonly #policy: RetainedPolicy;
	readonly #now: number;
	readonly #meanwhile: RetainAct["meanwhile"];
	/** Steps until the process dies; undefined: it does not. */
	#left: number | undefined;
	#interfered: Promise<void> | undefined;
	/** Removals of which nobody knows whether they were done. */
	readonly #inDoubt = new Set<string>();
	readonly #underWay = new Set<Promise<unknown>>();
	readonly before: Judgement;
	after: Judgement;
	readonly gone = new Set<string>();
	readonly changed = new Set<string>();
	first: string | undefined;

	constructor(host: RetentionHost, { policy, crash, meanwhile }: RetainAct) {
		this.#host = host;
		this.#policy = policy;
		this.#now = host.now;
		this.#left = crash;
		this.#meanwhile = meanwhile;
		this.before = judgeRetention(host.model.held, policy, host.now);
		this.after = this.before;
	}

	/** The artifacts as the run sees them. */
	watch(artifacts: Artifacts): Artifacts {
		return {
			...artifacts,
			retire: async (repository, expected, actor) => {
				this.first ??= repository;
				this.#interfered ??= this.#interfere();
				await this.#interfered;
				this.#step();
				const link = toLink(repository, expected.digest);
				this.#inDoubt.add(link);
				const removal = artifacts.retire(repository, expected, actor);
				this.#underWay.add(removal);
				const outcome = await removal;
				this.#inDoubt.delete(link);
				if (!isRefused(outcome)) {
					this.gone.add(link);
					this.#host.bury(link);
				}
				this.#step();
				return outcome;
			},
		};
	}

	/** Finds out what a run did that nobody saw the end of. */
	async settle(): Promise<void> {
		await Promise.allSettled(this.#underWay);
		for (const link of this.#inDoubt) {
			if (await this.#isThere(link)) continue;
			this.gone.add(link);
			this.#host.bury(link);
		}
		for (const link of this.gone) {
			assert.ok(this.before.going.has(link) || this.after.going.has(link), `${link} is kept by the rules`);
		}
	}

	/** One step less until the process dies. */
	#step(): void {
		if (this.#left === 0) throw new Crash();
		if (this.#left !== undefined) this.#left -= 1;
	}

	async #interfere(): Promise<void> {
		if (this.#meanwhile === undefined) return;
		const { model } = this.#host;
		const before = new Map(model.held.map((one) => [linkOf(one), JSON.stringify(one)]));
		// A push in the millisecond of the last one is that one.
		await this.#host.tick();
		await this.#host.happen(this.#resolve(this.#meanwhile));
		const after = new Map(model.held.map((one) => [linkOf(one), JSON.stringify(one)]));
		for (const link of new Set([...before.keys(), ...after.keys()])) {
			if (before.get(link) !== after.get(link)) this.changed.add(link);
		}
		this.after = judgeRetention(model.held, this.#policy, this.#now);
	}

	#resolve(act: NonNullable<RetainAct["meanwhile"]>): SmallAct {
		if (act.do !== "repush") return act;
		const going = [...this.before.going];
		const [name = "", text = ""] = (going[act.which % Math.max(1, going.length)] ?? "").split(" ");
		return { do: "put", name, text, tags: [], again: false };
	}

	async #isThere(link: string): Promise<boolean> {
		const [name = "", of = ""] = link.split(" ");
		const { digest } = manifestInput(name, { blobs: [of] });
		const found = await this.#host.metadata.manifests.find(name, { kind: "digest", digest }, { payload: false });
		return found?.manifest !== undefined;
	}
}

const toLink = (name: string, digest: string): string => {
	const text = TEXTS.find((of) => manifestInput(name, { blobs: [of] }).digest === digest);
	assert.ok(text !== undefined, `${digest} was never pushed`);
	return linkOf({ name, text });
};
