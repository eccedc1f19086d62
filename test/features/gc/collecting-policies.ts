// Retention as something that happens to a registry that is being collected, and what it may do to it.
import assert from "node:assert/strict";
import fc from "fast-check";
import { Retention } from "#/features/retention/index.ts";
import { TrustedClock } from "#/features/retention/trusted-clock.ts";
import type { Clock } from "#/lib/clock.ts";
import type { Artifacts } from "#/metadata/artifacts.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { ClockWatch } from "#/registry/clock-watch.ts";
import { manifestInput } from "../../conformance/metadata/bench.ts";
import { forever } from "../../support/registry.ts";
import { modelKept } from "../retention/model.ts";
import { policyOf } from "../retention/planned.ts";
import type { HeldManifest } from "./collecting-model.ts";

const HOUR = 3_600_000;
const count = fc.integer({ min: 1, max: 2 });
const hours = fc.integer({ min: 1, max: 40 }).map((each) => each * HOUR);
const keep = fc.oneof(
	{ weight: 3, arbitrary: fc.record({ latestPushed: count }) },
	{ weight: 3, arbitrary: fc.record({ pushedWithin: hours }) },
	{ weight: 2, arbitrary: fc.record({ latestActive: count, activeWithin: hours }) },
	{ weight: 1, arbitrary: fc.record({ always: fc.constant(true) }) },
);
const rule = fc.record(
	{
		repositories: fc.record({ matching: fc.constantFrom(["**"], ["1"], ["2"]) }),
		tags: fc.record({ matching: fc.constantFrom(["**"], ["v*"], ["none"]) }),
		untagged: fc.constantFrom("Include", "Exclude", "Exclude", "Only"),
		keep,
	},
	{ requiredKeys: ["keep"] },
);

/** Policies over the repositories of the histories. */
export const retentionPolicies = fc
	.record({
		rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
		projects: fc.constantFrom(["*"], ["*"], ["b"], ["a"]).map((matching) => ({ names: { matching } })),
		guard: fc.constantFrom(
			{ maxShare: 100 },
			{ maxShare: 100 },
			{ maxShare: 20, minimum: 1 },
			{ maxShare: 50, minimum: 2 },
		),
		dryRun: fc.nat({ max: 5 }).map((each) => each === 0),
	})
	.map(({ rules, ...more }) => policyOf(rules, more));

/** What a policy says. */
export type RetainedPolicy = ReturnType<typeof policyOf>;

/** What a policy makes of what is there. */
export interface Judgement {
	readonly looked: number;
	/** Links of what goes. */
	readonly going: ReadonlySet<string>;
	readonly isTooMuch: boolean;
}

/** What the rules say, read as plainly as can be. @param now milliseconds since the epoch */
export const judgeRetention = (held: readonly HeldManifest[], spec: RetainedPolicy, now: number): Judgement => {
	const going = new Set<string>();
	let looked = 0;
	for (const [name, here] of Map.groupBy(held, (one) => one.name)) {
		const [project = "", below = ""] = name.split("/");
		const patterns = "names" in spec.projects ? spec.projects.names.matching : [];
		const rules = spec.rules.filter(({ repositories: { matching } }) => isLike(below, matching));
		if (!isLike(project, patterns) || rules.length === 0) continue;
		looked += here.length;
		const plain = { pulledAt: undefined, children: [], subject: undefined, isSignature: false, annotations: undefined };
		const artifacts = here.map(({ text, tags, pushedAt }) => ({ name: text, tags: [...tags], pushedAt, ...plain }));
		const kept = modelKept(artifacts, { ...spec, rules }, now, (text) => manifestInput(name, { blobs: [text] }).digest);
		for (const { text } of here) if (!kept.includes(text)) going.add(`${name} ${text}`);
	}
	const { maxShare, minimum } = spec.guard;
	return { looked, going, isTooMuch: going.size >= minimum && going.size * 100 > looked * maxShare };
};

const isLike = (text: string, patterns: readonly string[]): boolean =>
	patterns.some((pattern) => pattern.startsWith("*") || pattern === text);

/** Retention in one process, from its start to its death. */
export class RetainingProcess {
	readonly #clock: TrustedClock;
	readonly #delayMs: number;

	constructor({ objects }: Pick<Metadata, "objects">, opts: { readonly clock: Clock; readonly delayMs: number }) {
		this.#clock = new TrustedClock(new ClockWatch({ objects, clock: opts.clock }));
		this.#delayMs = opts.delayMs;
	}

	/** Notices whether the clock jumped. */
	async look(): Promise<void> {
		await this.#clock.look();
	}

	/** Runs a policy. */
	async run(artifacts: Artifacts, spec: RetainedPolicy) {
		const meter = { removed: () => undefined };
		const feature = new Retention({ artifacts, clock: this.#clock, quietMs: this.#delayMs, meter });
		const policy = { uid: "p", generation: 1, spec };
		const keep = async () => undefined;
		const trigger = "Command" as const;
		const run = { id: "r", trigger, isRetry: false, startedAt: 0, policy, state: undefined, keep };
		return await feature.run(run, forever);
	}
}

/** What was seen of a run. */
export interface SeenRun {
	readonly before: Judgement;
	/** What the rules would say of what is there after what happened meanwhile, but for what the run took away. */
	readonly after: Judgement;
	readonly gone: ReadonlySet<string>;
	/** Of which somebody else changed something, after the first repository of which something goes was planned. */
	readonly changed: ReadonlySet<string>;
	/** That repository. */
	readonly first: string | undefined;
}

/** Whether a run took what its rules let go, and nothing else. */
export const checkRun = (
	{ before, after, gone, changed, first }: SeenRun,
	{ outcome, figures = {} }: Awaited<ReturnType<RetainingProcess["run"]>>,
	spec: RetainedPolicy,
): void => {
	for (const link of gone) {
		const isLet = after.going.has(link) || (before.going.has(link) && !changed.has(link));
		assert.ok(isLet, `${link} is kept by the rules`);
		assert.ok(!changed.has(link) || !link.startsWith(`${first} `), `${link} is not what was planned on any more`);
	}
	const isQuiet = changed.size === 0;
	if (before.isTooMuch || spec.dryRun) assert.equal(gone.size, 0, "nothing goes");
	if (before.isTooMuch) assert.equal(outcome, "Stopped");
	else if (isQuiet) assert.equal(outcome, "Succeeded");
	if (outcome === "Stopped") return;
	assert.equal(figures.removed, spec.dryRun ? before.going.size : gone.size);
	if (isQuiet) assert.equal(figures.looked, before.looked);
	if (spec.dryRun) return;
	const left = [...before.going].filter((link) => after.going.has(link) && !gone.has(link) && !changed.has(link));
	assert.deepEqual(left, [], "what no rule keeps goes");
};
