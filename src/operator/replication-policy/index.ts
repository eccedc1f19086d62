/** ReplicationPolicy: the other side with its credentials, told to the registry, and how far the copies are. */
import { formatInstant } from "#/api/fields/instants.ts";
import {
	parseReplicationPolicy,
	type ReplicationPolicy,
	type ReplicationPolicyStatus,
} from "#/api/kinds/replication-policy.ts";
import { type ReplicationReport, replicationReport } from "#/api/replication-report.ts";
import type { Reconcile } from "#/kube/reconciler.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";
import type { PolicyDeps, PolicyFields, PolicyKind, ReadPolicy, Surroundings } from "#/operator/policy/policy-deps.ts";
import { createPolicyReconcile } from "#/operator/policy/reconcile-policy.ts";
import { nextRunOf, toRunStatus } from "#/operator/policy/run-status.ts";
import { findByRegistry } from "./find-by-registry.ts";
import { findByUrl } from "./find-by-url.ts";
import { missing, type RemoteAnswer, type RemoteDeps } from "./remote-deps.ts";
import { sideOf, toReplicationSpec } from "./replication-wish.ts";

/** What the ReplicationPolicy controller works with. */
export type ReplicationDeps = PolicyDeps & RemoteDeps;

/** How soon is looked again for Secrets of which nobody tells, milliseconds. */
const SECRETS_MS = 300_000;

/** Where nothing can be, for a policy that is held (RFC 2606 §2). */
const NOWHERE = "https://held.invalid";

/** Makes one ReplicationPolicy so. */
export const createReplicationPolicyReconcile = (deps: ReplicationDeps): Reconcile =>
	createPolicyReconcile(deps, {
		kind: "ReplicationPolicy",
		fieldManager: "limani-replicationpolicy",
		read: (object) => {
			const parsed = parseReplicationPolicy(object);
			return "invalid" in parsed ? parsed : { policy: toRead(deps, parsed.resource) };
		},
		readReport,
	});

const toRead = (deps: RemoteDeps, resource: ReplicationPolicy): ReadPolicy => {
	const { type = "Generic", url = NOWHERE } = sideOf(resource).remote ?? {};
	const { remote } = resource.status;
	return {
		resource,
		look: (signal) => look(deps, resource, signal),
		toSpec: (projects) => toReplicationSpec(resource, projects),
		heldPart: { remote: { type, url } },
		standing: standingOf(resource.status),
		around: remote === undefined ? {} : { remote },
	};
};

const look = async (deps: RemoteDeps, policy: ReplicationPolicy, signal: AbortSignal): Promise<Surroundings> => {
	const { remote } = sideOf(policy);
	const answer = await findRemote(deps, policy, signal);
	const namesSecrets = remote?.credentialsSecretRef !== undefined || remote?.caSecretRef !== undefined;
	const again = namesSecrets || remote?.registryRef !== undefined ? { againMs: SECRETS_MS } : {};
	if ("refusals" in answer) return { ...answer, part: {}, telltale: {}, fields: {}, ...again };
	const { url, ca, login, version } = answer.found;
	const open = { type: remote?.type ?? "Generic", url, ...(ca === undefined ? {} : { ca }) };
	return {
		refusals: [],
		part: { remote: { ...open, ...(login === undefined ? {} : { credentials: login }) } },
		// Nothing of a password, not even a digest: people choose some that can be guessed.
		telltale: { remote: { ...open, ...(version === undefined ? {} : { credentials: version }) } },
		fields: { remote: url },
		...again,
	};
};

const findRemote = async (deps: RemoteDeps, policy: ReplicationPolicy, signal: AbortSignal): Promise<RemoteAnswer> => {
	const { namespace } = policy.metadata;
	const { field, remote } = sideOf(policy);
	if (remote === undefined) return missing("expected exactly one of source, destination");
	const { url, registryRef, robotAccountRef } = remote;
	if (url !== undefined) return await findByUrl(deps, { namespace, field, remote, url }, signal);
	if (registryRef === undefined || robotAccountRef === undefined) return missing(`spec.${field} names no registry`);
	return await findByRegistry(deps, { namespace, field, remote, registryRef, robotAccountRef }, signal);
};

const readReport: PolicyKind["readReport"] = (report) => {
	const parsed = replicationReport.safeParse(report);
	return parsed.success ? { fields: toFields(parsed.data), handled: parsed.data.handledRequest } : undefined;
};

const toFields = (report: ReplicationReport): PolicyFields => {
	const { runs, inSync, behind, diverged, lagSeconds, observedAt } = report;
	const seen = {
		tags: { inSync, behind, diverged },
		lagSeconds: roundUsage(lagSeconds),
		observedTime: formatInstant(observedAt ?? 0),
	};
	return { runs: runs.map(toRunStatus), ...nextRunOf(report), ...(observedAt === undefined ? {} : seen) };
};

const standingOf = (status: ReplicationPolicyStatus): PolicyFields => {
	const { runs, nextRunTime, tags, lagSeconds, observedTime } = status;
	return {
		runs,
		...(nextRunTime === undefined ? {} : { nextRunTime }),
		...(tags === undefined ? {} : { tags }),
		...(lagSeconds === undefined ? {} : { lagSeconds }),
		...(observedTime === undefined ? {} : { observedTime }),
	};
};
