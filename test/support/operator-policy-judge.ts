import { openCredentials } from "#/dataplane/policy-credentials.ts";
import type { Policy } from "#/metadata/policies.ts";
import { planeKey } from "./control-planes.ts";
import { type ExpectedPolicy, keyOfRegistry } from "./operator-model.ts";
import type { PolicyOfKind, Snapshot } from "./operator-snapshot.ts";
import type { World } from "./operator-world.ts";

/** What the data plane has of a policy, and its status of what the data plane reports, that its spec does not explain. */
export const judgePolicy = async (
	{ planes }: World,
	{ standings }: Snapshot,
	{ policy, is, projects, remote }: ExpectedPolicy,
): Promise<readonly string[]> => {
	if (is === "whatever") return [];
	const { uid, namespace, name } = policy.metadata;
	const key = keyOfRegistry(policy);
	const at = `${policy.kind} ${namespace}/${name}`;
	const found = await planes.find(key)?.metadata.policies.find(uid);
	const faults = judgeReport(policy, standings.get(key)?.get(uid)?.report).map(
		(fault) => `${at} ${fault}: ${JSON.stringify(policy.status)}`,
	);
	if (is === "held")
		return found === undefined || isAtRest(found)
			? faults
			: [...faults, `${at} is not held: ${JSON.stringify(found.spec)}`];
	if (found === undefined) return [...faults, `${at} is not at the data plane`];
	const wanted = JSON.stringify(wantedOf(policy, { projects, remote }));
	const given = JSON.stringify(givenOf(found));
	if (given !== wanted) faults.push(`${at} is ${given}, not ${wanted}`);
	const { password = undefined } = remote?.login ?? {};
	if (password !== undefined && JSON.stringify(found).includes(password))
		faults.push(`${at} has its password in plain`);
	return faults;
};

/** Policies that data planes carry out, and that are no more. */
export const strayPolicies = async (
	{ planes }: World,
	{ policies, registries, serving }: Snapshot,
): Promise<readonly string[]> => {
	const known = new Set(policies.map(({ metadata }) => metadata.uid));
	const faults: string[] = [];
	for (const [key, { metadata }] of registries) {
		if (metadata.deletionTimestamp !== undefined || !serving.has(key)) continue;
		for (const kind of ["RetentionPolicy", "ReplicationPolicy"] as const) {
			const found = (await planes.find(key)?.metadata.policies.list(kind, { limit: 1_000 })) ?? [];
			const strays = found.filter(({ uid }) => !known.has(uid));
			faults.push(...strays.map(({ uid }) => `${key} carries out a ${kind} ${uid} that is nobody's`));
		}
	}
	return faults;
};

/** Ages that tests ask for, in milliseconds. */
const AGES: ReadonlyMap<string, number> = new Map([
	["1h", 3_600_000],
	["12h", 43_200_000],
]);

/** What of a spec is looked at. */
const wantedOf = (
	policy: PolicyOfKind,
	{ projects, remote }: Pick<ExpectedPolicy, "projects" | "remote">,
): readonly unknown[] => {
	const { metadata, spec } = policy;
	const requested = metadata.annotations?.["limani.dev/requestedAt"] ?? null;
	const common = [`${metadata.namespace}/${metadata.name}`, projects, spec.suspend, spec.guard, requested];
	if (policy.kind === "RetentionPolicy") {
		const keeps = policy.spec.rules.map(({ keep: { pushedWithin, latestPushed } }) => [
			latestPushed ?? null,
			pushedWithin === undefined ? null : AGES.get(pushedWithin),
		]);
		return [...common, policy.spec.schedule ?? null, policy.spec.dryRun, keeps];
	}
	const { mode, trigger, source } = policy.spec;
	const direction = source === undefined ? "Push" : "Pull";
	const { url, login } = remote ?? {};
	return [...common, trigger.schedule ?? null, trigger.onEvent, mode, direction, url, login ?? null];
};

/** The same of what the data plane has. */
const givenOf = ({ kind, uid, spec }: Policy): readonly unknown[] => {
	const given: { readonly [member: string]: unknown } = spec;
	const { name, projects, suspend, guard, requestedAt = null, schedule = null } = given;
	const common = [name, projects, suspend, guard, requestedAt, schedule];
	if (kind === "RetentionPolicy") {
		const keeps = listOf(given.rules).map((rule) => {
			const { latestPushed = null, pushedWithin = null } = Object(Object(rule).keep);
			return [latestPushed, pushedWithin];
		});
		return [...common, given.dryRun, keeps];
	}
	const login = openCredentials({ uid, spec }, planeKey);
	const { onEvent, mode, direction, remote } = given;
	return [...common, onEvent, mode, direction, Object(remote).url, login ?? null];
};

const listOf = (given: unknown): readonly unknown[] => (Array.isArray(given) ? given : []);

/** Whether nothing is done by it, and it can log in nowhere. */
const isAtRest = ({ spec }: Policy): boolean => {
	const { credentials, sealedCredentials } = Object(spec.remote);
	return spec.suspend === true && credentials === undefined && sealedCredentials === undefined;
};

/** What the status says of runs, where the data plane has reported any. */
const judgeReport = ({ status }: PolicyOfKind, report: object | undefined): string[] => {
	const { runs, handledRequest } = Object(report);
	const [last] = listOf(runs);
	const faults: string[] = [];
	if (last !== undefined && status.runs[0]?.id !== Object(last).id) {
		faults.push(`says that it ran ${status.runs[0]?.id} last, not ${Object(last).id}`);
	}
	if (handledRequest !== undefined && status.lastHandledRequestedAt !== handledRequest) {
		faults.push(`says that it did ${status.lastHandledRequestedAt}, not ${handledRequest}`);
	}
	return faults;
};
