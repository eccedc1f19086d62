import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import type { RemoteRegistry } from "#/client/remote-registry.ts";
import { systemTiming } from "#/client/timing.ts";
import { TransferBudget } from "#/client/transfer-budget.ts";
import { allowance } from "#/jobs/mass-guard.ts";
import type { ParsedPolicy } from "#/jobs/policy-feature.ts";
import type { Clock } from "#/lib/clock.ts";
import type { Replicas } from "#/metadata/replicas.ts";
import { Copier } from "./copier.ts";
import { type LocalSideDeps, localSide } from "./local-side.ts";
import { nameTarget } from "./name-target.ts";
import { remoteSide } from "./remote-side.ts";
import { GoneCopies, type RunContext } from "./run-context.ts";
import { compileSelection } from "./select.ts";
import type { Side } from "./side.ts";

/** What the sides of a run are made of. */
export interface OpenRunDeps extends Omit<LocalSideDeps, "actor"> {
	readonly replicas: Replicas;
	readonly clock: Clock;
}

type Policy = ParsedPolicy<ReplicationPolicySpec>;

/** This registry, as a policy may see it. @throws PatternError */
export const ownSide = (deps: Omit<LocalSideDeps, "actor">, { uid, spec }: Pick<Policy, "uid" | "spec">): Side =>
	localSide({ ...deps, actor: `policy:${uid}` }, spec.projects);

/** All that the parts of a run share, its two sides among it. @throws PatternError, MetadataError */
export const openRun = async (
	deps: OpenRunDeps,
	policy: Policy,
	remote: RemoteRegistry,
	opts: Pick<RunContext, "tally" | "isTrusting" | "firstRunAt">,
	signal: AbortSignal,
): Promise<RunContext> => {
	const { replicas, clock } = deps;
	const { uid, generation, spec } = policy;
	const { concurrency, bandwidth, rename, direction } = spec;
	const here = ownSide(deps, policy);
	const there = remoteSide({
		registry: remote,
		name: new URL(spec.remote.url).host,
		questions: Math.min(64, concurrency * 4),
	});
	const [source, target] = direction === "Pull" ? [there, here] : [here, there];
	const { ours } = await replicas.counts(uid, signal);
	const copier = new Copier({
		source,
		target,
		budget: new TransferBudget(systemTiming, { bytesPerSecond: bandwidth, concurrency }),
		tally: opts.tally,
		nameTarget: (name) => nameTarget(name, rename),
	});
	return {
		policy: uid,
		generation,
		spec,
		source,
		target,
		replicas,
		selection: compileSelection(spec.filters),
		copier,
		...opts,
		now: () => clock.now(),
		gone: new GoneCopies(allowance(spec.guard, ours)),
	};
};
