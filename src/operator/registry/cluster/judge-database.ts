import { z } from "zod";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { RegistryProblem } from "#/operator/registry/actuator.ts";

/** Nobody here makes Clusters of PostgreSQL. */
export const CLOUD_NATIVE_PG_MISSING: RegistryProblem = {
	reason: "CloudNativePGMissing",
	message:
		"spec.database.cloudNativePG: this Kubernetes cluster does not know Cluster of postgresql.cnpg.io/v1: install the operator of CloudNativePG. It is noticed within seconds",
	terminal: false,
};

/** A Registry ran on a database that is not there any more. */
export const databaseIsLost = (cluster: string, workload: string): RegistryProblem => ({
	reason: "DatabaseLost",
	message: `the Cluster ${cluster} is gone, and with it what the registry knew: have CloudNativePG recover it under that name, with the labels that it had; or, to begin with nothing, delete ${workload}`,
	terminal: false,
});

const condition = z.object({ type: z.string(), status: z.string() });

/** What of the status of a Cluster matters. What is not as expected counts as not said. */
const status = z.object({
	phase: z.string().optional().catch(undefined),
	phaseReason: z.string().optional().catch(undefined),
	readyInstances: z.int().min(0).catch(0).default(0),
	conditions: z.array(condition).catch([]).default([]),
});

/** What keeps a Cluster of PostgreSQL from being used, or from being whole, by its own words; absent: nothing does. */
export const judgeDatabase = (cluster: KubeObject, instances: number): RegistryProblem | undefined => {
	const { name, deletionTimestamp } = cluster.metadata;
	const not = (message: string): RegistryProblem => ({
		reason: "DatabaseNotReady",
		message: `the Cluster ${name} ${message}`,
		terminal: false,
	});
	if (deletionTimestamp !== undefined) return not("is being deleted");
	const parsed = status.safeParse(cluster.status ?? {});
	const { phase, phaseReason, readyInstances, conditions } = parsed.success ? parsed.data : status.parse({});
	const ready = conditions.find(({ type }) => type === "Ready");
	if (ready === undefined && phase === undefined) {
		return not("was not looked at by CloudNativePG yet: its operator has to run, and to look after this namespace");
	}
	const isReady = ready?.status === "True" && readyInstances >= instances;
	if (isReady) return undefined;
	const why = [phase, phaseReason].filter((words) => words !== undefined && words !== "").join(": ");
	const ask = `kubectl describe clusters.postgresql.cnpg.io ${name} tells more`;
	const count = `is not ready: ${readyInstances} of ${instances} instances are`;
	return not(`${count}${why === "" ? "" : ` (${why})`}; ${ask}`);
};
