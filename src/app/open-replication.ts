import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import { Egress } from "#/client/egress.ts";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import { openCredentials } from "#/dataplane/policy-credentials.ts";
import { ReplicationFeature } from "#/features/replication/index.ts";
import { PolicyRunner } from "#/jobs/policy-runner.ts";
import { parseNetwork } from "#/lib/address-set.ts";
import { systemClock } from "#/lib/clock.ts";
import { createRegistry } from "#/registry/create-registry.ts";
import type { Registry } from "#/registry/registry.ts";
import { reportTo } from "./logger.ts";
import { replicationMetrics } from "./metrics/replication-metrics.ts";
import type { ProcessParts } from "./process-parts.ts";
import { registryDepsOf } from "./registry-deps.ts";

/** Between two looks for what changed, milliseconds: a push is on its way elsewhere within this. */
const LOOK_EVERY_MS = 3_000;

/** Runs of different policies at the same time: most of what they do is to wait for others. */
const RUNS_AT_ONCE = 4;

/** What carries out replication policies in one process. Disposing it waits for its uploads, after its runs have ended. */
export interface Replication extends AsyncDisposable {
	readonly runner: PolicyRunner<ReplicationPolicySpec>;
}

/** Puts replication together, with a registry of its own to write to: what it reads is no pull of anybody's. */
export const openReplication = (parts: ProcessParts): Replication => {
	const { config, metadata, masterKey, holder, newId, logger, meters } = parts;
	const registry: Registry = createRegistry(registryDepsOf(parts));
	const egress = new Egress(config.egress.allow.flatMap((network) => parseNetwork(network) ?? []));
	const meter = replicationMetrics(meters.registry);
	const { artifacts, projects, tagStates, replicas, policies, outbox } = metadata;
	const feature = new ReplicationFeature({
		registry,
		artifacts,
		projects,
		tagStates,
		replicas,
		openRemote: async (spec, { uid }) => {
			const { credentials: _plain, ...remote } = spec.remote;
			const credentials = openCredentials({ uid, spec }, masterKey);
			const namespaces = namespacesOf(spec);
			return openRemoteRegistry(
				{ egress },
				{ ...remote, ...(credentials === undefined ? {} : { credentials }) },
				{ namespaces },
			);
		},
		clock: systemClock,
		meter,
	});
	const runner = new PolicyRunner(
		feature,
		{ policies, outbox, holder, newId, clock: systemClock, report: reportTo(logger), meter },
		{ intervalMs: LOOK_EVERY_MS, concurrency: RUNS_AT_ONCE, leaseMs: config.housekeeping.jobLease },
	);
	return { runner, [Symbol.asyncDispose]: () => registry.uploads.drain(AbortSignal.timeout(10_000)) };
};

/** First components of what is wanted, where each pattern says one. */
const namespacesOf = ({ filters }: ReplicationPolicySpec): readonly string[] => {
	const firsts = filters.repositories.matching.map((pattern) => pattern.split("/", 1)[0] ?? "");
	return firsts.some((first) => /[*?[\]{}\\]/.test(first)) ? [] : [...new Set(firsts)];
};
