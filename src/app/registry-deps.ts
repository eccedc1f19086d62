import { systemClock } from "#/lib/clock.ts";
import type { RegistryDeps } from "#/registry/create-registry.ts";
import { reportTo } from "./logger.ts";
import type { ProcessParts } from "./process-parts.ts";

/** What the registry of a process is made of, whoever uses it: clients, or replication. */
export const registryDepsOf = ({ config, metadata, stores, logger, holder, newId }: ProcessParts): RegistryDeps => {
	const { concurrentUploads, openUploadsPerProject, uploadLease, linkProofAge } = config.limits;
	return {
		metadata,
		stores,
		newId,
		clock: systemClock,
		holder,
		report: reportTo(logger),
		linkProofMs: linkProofAge,
		gcDelayMs: config.housekeeping.gcDelay,
		limits: {
			concurrentUploads,
			openPerProject: openUploadsPerProject,
			leaseMs: uploadLease,
			extendMs: Math.ceil(uploadLease / 3),
		},
	};
};
