import type { RetentionPolicySpec } from "#/api/retention-policy-spec.ts";
import { Explainer } from "#/features/retention/explainer.ts";
import { findPolicy } from "#/features/retention/find-policy.ts";
import { Retention } from "#/features/retention/index.ts";
import { TrustedClock } from "#/features/retention/trusted-clock.ts";
import { PolicyRunner } from "#/jobs/policy-runner.ts";
import type { RunAnswer } from "#/jobs/run-answer.ts";
import { systemClock } from "#/lib/clock.ts";
import { ClockWatch } from "#/registry/clock-watch.ts";
import { reportTo } from "./logger.ts";
import { retentionMetrics } from "./metrics/retention-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What carries out and explains retention policies in one process. */
export interface OpenedRetention {
	readonly runner: PolicyRunner<RetentionPolicySpec>;
	/** Runs the policy that is meant by its uid or its `namespace/name`. @throws JobError, MetadataError */
	runNow(meant: string, signal: AbortSignal): Promise<RunAnswer>;
	readonly explainer: Explainer;
}

/** Puts retention together. */
export const openRetention = ({
	config,
	metadata,
	holder,
	newId,
	logger,
	meters,
}: Omit<
	ProcessParts,
	keyof AsyncDisposable | "stores" | "migrations" | "awayStores" | "masterKey"
>): OpenedRetention => {
	const { artifacts, policies, outbox, objects } = metadata;
	const clock = new TrustedClock(new ClockWatch({ objects, clock: systemClock }));
	const meter = retentionMetrics(meters.registry);
	const feature = new Retention({ artifacts, clock, quietMs: config.housekeeping.gcDelay, meter });
	const report = reportTo(logger);
	const runner = new PolicyRunner(
		feature,
		{ policies, outbox, holder, newId, clock: systemClock, report, meter },
		{ leaseMs: config.housekeeping.jobLease },
	);
	// From now on jumps are noticed; a failure is told by who asks next.
	clock.look().catch(() => undefined);
	return {
		runner,
		runNow: async (meant, signal) => runner.runNow((await findPolicy(policies, meant, signal))?.uid ?? meant, signal),
		explainer: new Explainer({ policies, artifacts, now: async () => (await clock.look()).now }),
	};
};
