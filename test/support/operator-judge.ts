import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { type KubeObject, keyOf } from "#/kube/kube-object.ts";
import { listAll } from "#/kube/list-all.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { type Condition, findCondition } from "#/kube/status/condition.ts";
import { readCredential } from "#/operator/robot-account/credential-secret.ts";
import { type ExpectedProject, type ExpectedRobot, keyOfRegistry, Model, nameOf, ownerOf } from "./operator-model.ts";
import { judgePolicy, strayPolicies } from "./operator-policy-judge.ts";
import { type Snapshot, takeSnapshot } from "./operator-snapshot.ts";
import type { World } from "./operator-world.ts";

/**
 * What is in a world that its specs do not explain, or the other way round, one sentence each.
 *
 * @param opts `settled`: also no credential of before may be left, as it is once every grace is over
 */
export const judgeWorld = async (world: World, opts: { readonly settled: boolean }): Promise<readonly string[]> => {
	const snapshot = await takeSnapshot(world);
	const model = new Model(snapshot, world.timing.now());
	const projects = snapshot.projects.map((project) => model.project(project));
	const robots = snapshot.robots.map((robot) => model.robot(robot));
	const policies = snapshot.policies.map((policy) => model.policy(policy));
	const faults = [
		...[...snapshot.registries.values()].flatMap((registry) =>
			judgeReady(`Registry ${registry.metadata.name}`, registry, [model.registry(registry)]),
		),
		...projects.flatMap(({ project, reasons }) => judgeReady(`Project ${pathOf(project)}`, project, reasons)),
		...robots.flatMap(({ robot, reasons }) => judgeReady(`RobotAccount ${pathOf(robot)}`, robot, reasons)),
		...policies.flatMap(({ policy, reasons }) => judgeReady(`${policy.kind} ${pathOf(policy)}`, policy, reasons)),
		...strangersOf(snapshot),
		...judgeSecrets(snapshot, model, robots),
	];
	for (const expected of projects) faults.push(...(await judgeProject(world, expected)));
	for (const expected of robots) faults.push(...(await judgeRobot(world, snapshot, { expected, model, ...opts })));
	for (const expected of policies) faults.push(...(await judgePolicy(world, snapshot, expected)));
	faults.push(...(await strayPolicies(world, snapshot)));
	return faults;
};

interface Reported {
	readonly metadata: { readonly generation?: number | undefined };
	readonly status: { readonly observedGeneration: number; readonly conditions: readonly Condition[] };
}

const judgeReady = (name: string, { metadata, status }: Reported, reasons: readonly string[]): readonly string[] => {
	const ready = findCondition(status.conditions, "Ready");
	const said = `says ${ready?.reason} (${ready?.message})`;
	if (reasons.length === 0) return [];
	if (ready === undefined || !reasons.includes(ready.reason)) return [`${name} ${said}, not ${reasons.join(" or ")}`];
	if (ready.observedGeneration !== metadata.generation) return [`${name} ${said} of an older generation`];
	return [];
};

/** What data planes have of resources that are no more. */
const strangersOf = ({ standings, serving, projects, robots, policies, registries }: Snapshot): readonly string[] => {
	const known = new Set([...projects, ...robots, ...policies].map(({ metadata }) => metadata.uid));
	return [...standings].flatMap(([key, entries]) => {
		const registry = registries.get(key);
		const isServing = serving.has(key) && registry !== undefined && registry.metadata.deletionTimestamp === undefined;
		if (!isServing) return [];
		const others = [...entries.values()].filter(({ kind, uid }) => kind !== "User" && !known.has(uid));
		return others.map(({ kind, uid }) => `${key} has a ${kind} ${uid} that is nobody's`);
	});
};

const judgeProject = async ({ planes }: World, { project, is }: ExpectedProject): Promise<readonly string[]> => {
	if (is === "whatever") return [];
	const { metadata, spec } = project;
	const found = await planes.find(keyOfRegistry(project))?.metadata.projects.find(nameOf(project));
	const isThere = found?.uid === metadata.uid;
	const name = `Project ${pathOf(project)}`;
	if (is === "shut") {
		const isOpen = isThere && (found.visibility !== "Private" || found.members.length > 0);
		return isOpen ? [`${name} is not shut: ${JSON.stringify(found)}`] : [];
	}
	if (!isThere) return [`${name} is not at the data plane`];
	const { storage } = spec.quota;
	const wanted = [spec.visibility, spec.members, storage === undefined ? undefined : QUOTAS.get(String(storage))];
	const is_ = [found.visibility, found.members, found.quotaBytes];
	const isSame = JSON.stringify(wanted) === JSON.stringify(is_);
	return isSame ? [] : [`${name} is ${JSON.stringify(is_)}, not ${JSON.stringify(wanted)}`];
};

/** The quotas that tests ask for. */
const QUOTAS: ReadonlyMap<string, number> = new Map([
	["1Mi", 1_048_576],
	["2G", 2_000_000_000],
]);

const judgeRobot = async (
	{ planes, timing }: World,
	{ secrets }: Snapshot,
	{ expected, model, settled }: { readonly expected: ExpectedRobot; readonly model: Model; readonly settled: boolean },
): Promise<readonly string[]> => {
	const { robot, reachable, works, projects, reasons } = expected;
	const { uid, namespace, name } = robot.metadata;
	const plane = planes.find(keyOfRegistry(robot));
	const found = await plane?.metadata.identities.findRobot(`robot$${namespace}+${name}`);
	const present = found?.uid === uid ? found : undefined;
	const at = `RobotAccount ${pathOf(robot)}`;
	if (!works) {
		const rests = reachable && reasons.some((reason) => RESTING.has(reason));
		const isUsable = present !== undefined && (!present.disabled || present.permissions.length > 0);
		return rests && isUsable ? [`${at} may be used though it is to rest`] : [];
	}
	if (present === undefined) return [`${at} is not at the data plane`];
	const faults: string[] = [];
	const secret = readCredential(secrets.get(model.secretKey(robot)));
	const verifier = secret === undefined ? undefined : hash("sha256", `${uid}\0${secret}`);
	const valid = present.verifiers.filter(({ notAfter = Number.POSITIVE_INFINITY }) => notAfter > timing.now());
	if (present.disabled || !valid.some(({ hash: one }) => one === verifier)) faults.push(`${at} cannot log in`);
	if (settled && present.verifiers.length !== 1) faults.push(`${at} has ${present.verifiers.length} verifiers`);
	const given = [...new Set(present.permissions.map(({ project }) => project))].toSorted();
	const wanted = [...(projects ?? [])].toSorted();
	if (JSON.stringify(given) !== JSON.stringify(wanted)) faults.push(`${at} may use ${given}, not ${wanted}`);
	return faults;
};

/** Reasons by which a robot is not to be used, where the data plane can be told so. */
const RESTING: ReadonlySet<string> = new Set(["Suspended", "NotAllowed", "Expired"]);

/** Every Secret of ours has an owner who wants it, and what it should be made of. */
const judgeSecrets = ({ secrets }: Snapshot, model: Model, robots: readonly ExpectedRobot[]): readonly string[] => {
	const faults: string[] = [];
	const byUid = new Map(robots.map((expected) => [expected.robot.metadata.uid, expected]));
	for (const [key, secret] of secrets) {
		const owner = ownerOf(secret);
		const expected = owner === undefined ? undefined : byUid.get(owner);
		if (owner === undefined || expected?.works === false) continue;
		if (expected === undefined) faults.push(`Secret ${key} is of a robot that is no more`);
		else if (!isWanted(key, expected, model)) faults.push(`Secret ${key} is not wanted by ${pathOf(expected.robot)}`);
	}
	for (const expected of robots.filter(({ works }) => works)) faults.push(...missingOf(secrets, model, expected));
	return faults;
};

const isWanted = (key: string, { robot, copies }: ExpectedRobot, model: Model): boolean =>
	key === model.secretKey(robot) ||
	key === `${robot.metadata.namespace}/limani-credential-${robot.metadata.uid}` ||
	copies.has(key);

const missingOf = (secrets: Snapshot["secrets"], model: Model, { robot, copies }: ExpectedRobot): readonly string[] => {
	const own = secrets.get(model.secretKey(robot));
	const faults: string[] = [];
	if (own?.type !== TYPES[robot.spec.secret.type]) faults.push(`Secret of ${pathOf(robot)} is of type ${own?.type}`);
	for (const key of copies) {
		const copy = secrets.get(key);
		if (!isSameData(copy, own)) faults.push(`Secret ${key} is no copy`);
	}
	return faults;
};

const TYPES = {
	None: undefined,
	DockerConfigJson: "kubernetes.io/dockerconfigjson",
	Basic: "kubernetes.io/basic-auth",
	Opaque: "Opaque",
} as const;

const isSameData = (a: KubeObject | undefined, b: KubeObject | undefined): boolean =>
	a?.type === b?.type && isDeepStrictEqual(a?.data, b?.data);

const pathOf = ({ metadata }: { readonly metadata: { readonly namespace: string; readonly name: string } }): string =>
	`${metadata.namespace}/${metadata.name}`;

/** What the operator's caches do not have as it is, by key. */
export const judgeCaches = async ({ user, running: { stores } }: World): Promise<readonly string[]> => {
	const caches = [
		[registryKind, stores.registries],
		[projectKind, stores.projects],
		[robotAccountKind, stores.robotAccounts],
		[retentionPolicyKind, stores.retentionPolicies],
		[replicationPolicyKind, stores.replicationPolicies],
		[backupKind, stores.backups],
		[backupScheduleKind, stores.backupSchedules],
		[NAMESPACES, stores.namespaces],
		[SECRETS, stores.allSecrets],
	] as const;
	const faults: string[] = [];
	for (const [type, store] of caches) {
		const { items } = await listAll(user, type, { limit: 5_000 }, AbortSignal.timeout(30_000));
		const versions = new Map(items.map(({ metadata }) => [keyOf(metadata), metadata.resourceVersion]));
		const cached = [...(store?.list() ?? [])];
		if (cached.length !== versions.size) faults.push(`${cached.length} of ${versions.size} ${type.plural} are known`);
		const old = cached.filter(({ metadata }) => versions.get(keyOf(metadata)) !== metadata.resourceVersion);
		faults.push(...old.map(({ metadata }) => `what is known of ${type.plural} ${keyOf(metadata)} is old`));
	}
	return faults;
};
