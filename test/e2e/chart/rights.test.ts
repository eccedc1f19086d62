import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import winston from "winston";
import { parse } from "yaml";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { projectKind } from "#/api/kinds/project.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { replicationPolicyKind } from "#/api/kinds/replication-policy.ts";
import { retentionPolicyKind } from "#/api/kinds/retention-policy.ts";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { openOperator } from "#/app/operator/open-operator.ts";
import { readOperatorOptions } from "#/app/operator/operator-options.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import {
	apiVersionOf,
	DEPLOYMENTS,
	HORIZONTAL_POD_AUTOSCALERS,
	INGRESSES,
	NAMESPACES,
	PERSISTENT_VOLUME_CLAIMS,
	POD_DISRUPTION_BUDGETS,
	POSTGRES_CLUSTERS,
	type ResourceType,
	SECRETS,
	SERVICE_ACCOUNTS,
	STATEFUL_SETS,
} from "#/kube/resource-type.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { lastingLabelsOf } from "#/operator/registry/cluster/names.ts";
import { clusterKinds } from "../../app/operator/cluster-kinds.ts";
import { openGate, wordsOfGrants } from "../../support/chart/gate.ts";
import { environmentOf, renderChart } from "../../support/chart/render.ts";
import { grantsOf } from "../../support/chart/rules.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { freePort } from "../../support/free-ports.ts";
import { furnish, put, remove, secretOf } from "../../support/operator-operations.ts";
import { eventually, openWorld } from "../../support/operator-world.ts";

const ACCOUNT = { name: "limani", namespace: "limani-system" };
const MAIN = { name: "main", namespace: "system" };
const { signal } = new AbortController();

/** Kinds that are watched with a delay, so that the operator changes what is not the newest. */
const KINDS = [
	registryKind,
	projectKind,
	robotAccountKind,
	retentionPolicyKind,
	replicationPolicyKind,
	backupKind,
	backupScheduleKind,
];
const LATE_MS = 200;

/** What the operator asks for when it looks after resources of all kinds, whatever runs the registries. */
const askForResources = async () => {
	const objects = await renderChart({ values: { "secrets.clusterWide": true } });
	const gate = openGate(grantsOf(objects, ACCOUNT));
	await using world = await openWorld({ speed: 20, asleep: true, watched: false });
	const late = new Set<string | undefined>(KINDS.map(({ plural }) => plural));
	world.faults = {
		request: (request) => void gate.judge(request),
		watch: ({ plural }) => (late.has(plural) ? { delayMs: LATE_MS } : undefined),
	};
	await world.restart();
	const until = (isSo: () => Promise<boolean>, what: string) =>
		eventually(async () => ((await isSo()) ? [] : [`${what} is not so`]));
	const find = (type: ResourceType, key: string) => {
		const [namespace = "", name = ""] = key.split("/");
		return world.user.find(type, { namespace, name }, signal);
	};
	const isThere = async (type: ResourceType, key: string) => (await find(type, key)) !== undefined;
	/** Makes an object, and changes its labels while the operator sees to it. */
	const fidget = async (type: ResourceType, key: string, spec: object) => {
		await put(world, type, key, { spec });
		for (let i = 0; i < 20; i++) {
			await put(world, type, key, {}, { labels: { fidget: String(i) } });
			await sleep(LATE_MS / 8);
		}
	};
	await furnish(world);
	await put(world, NAMESPACES, "team-a", {}, { labels: { tenant: "yes", "limani.dev/accept-from": "system" } });
	await put(world, SERVICE_ACCOUNTS, "system/builder", {});
	await put(world, SECRETS, "system/elsewhere", secretOf({ username: "me", password: "a word" }));
	await fidget(registryKind, "system/other", {});
	await fidget(projectKind, "system/web", { registryRef: MAIN });
	const robot = {
		registryRef: MAIN,
		permissions: [{ project: "web", actions: ["pull"] }],
		secret: { copyTo: { namespaceSelector: {} }, attachTo: { serviceAccounts: ["builder"] } },
	};
	await fidget(robotAccountKind, "system/ci", robot);
	await fidget(retentionPolicyKind, "system/tidy", {
		registryRef: MAIN,
		projectRefs: [{ name: "web" }],
		rules: [{ name: "newest", keep: { latestPushed: 10 } }],
		schedule: "0 3 * * *",
	});
	await fidget(replicationPolicyKind, "system/copy", {
		registryRef: MAIN,
		projectRefs: [{ name: "web" }],
		destination: { url: "https://registry.example.org", credentialsSecretRef: { name: "elsewhere" } },
		trigger: { onEvent: true },
	});
	await put(world, registryKind, "system/other", { spec: { backup: { archive: { filesystem: {} } } } });
	const other = { registryRef: { name: "other" } };
	await fidget(backupKind, "system/once", other);
	// Failed Backups of a schedule are cleared away but for ten.
	const labels = { "limani.dev/backup-schedule": "often" };
	for (let i = 0; i < 11; i++) {
		const key = `system/failed-${i}`;
		await put(world, backupKind, key, { spec: other }, { labels });
		const status = { stoppedAt: "2026-01-01T00:00:00Z", error: "no room" };
		const ref = { namespace: "system", name: `failed-${i}` };
		await world.user.patch(backupKind, ref, { kind: "merge", body: { status } }, { subresource: "status" }, signal);
	}
	const schedule = { ...other, schedule: "0 3 * * *", immediate: true };
	await fidget(backupScheduleKind, "system/often", schedule);
	await until(async () => {
		const { items } = await world.user.list(backupKind, { namespace: "system", limit: 50 }, signal);
		const own = items.filter(({ metadata }) => metadata.name.startsWith("often-"));
		return own.length === 1 && items.length === 12;
	}, "the first Backup of the schedule, and the end of the oldest failed one");
	await until(() => isThere(SECRETS, "team-a/ci"), "the copy of the credential");
	// What is told again and again becomes a series.
	for (let i = 0; i < 3; i++) {
		const before = (await find(SECRETS, "system/ci"))?.metadata.uid;
		await remove(world, SECRETS, "system/ci");
		await until(
			async () => ![before, undefined].includes((await find(SECRETS, "system/ci"))?.metadata.uid),
			"a new credential",
		);
	}
	await put(world, SECRETS, "system/ci", {}, { labels: {}, annotations: {} });
	await until(
		async () => (await find(SECRETS, "system/ci"))?.metadata.labels?.["app.kubernetes.io/managed-by"] === "limani",
		"the mended Secret",
	);
	const keys = [
		[backupScheduleKind, "system/often"],
		[backupKind, "system/once"],
		[replicationPolicyKind, "system/copy"],
		[retentionPolicyKind, "system/tidy"],
		[robotAccountKind, "system/ci"],
		[projectKind, "system/web"],
		[registryKind, "system/other"],
	] as const;
	for (const [type, key] of keys) {
		await remove(world, type, key);
		await until(async () => !(await isThere(type, key)), `the end of ${key}`);
	}
	return gate;
};

/** What a Registry of several replicas is made of beyond what one replica is. */
const SCALED = [DEPLOYMENTS, POD_DISRUPTION_BUDGETS, HORIZONTAL_POD_AUTOSCALERS] as const;

/** What the operator of a release asks for to make a Registry of a cluster's objects, and to take it away with its data. */
const askForRegistries = async (values: Readonly<Record<string, unknown>>) => {
	const objects = await renderChart({ values });
	const gate = openGate(grantsOf(objects, ACCOUNT));
	await using stack = new AsyncDisposableStack();
	const request = (asked: Parameters<typeof gate.judge>[0]) => {
		if (asked.userAgent === "limani") gate.judge(asked);
		return undefined;
	};
	const api = stack.use(await openTestApi({ moreKinds: clusterKinds(), faults: { request } }));
	const connection = plainConnection({ url: api.url, ca: api.ca, token: api.token });
	const user = stack.use(new RestClient({ connection, timing: systemTiming }, { userAgent: "owners" }));
	await applyDefinitions(user, signal);
	for (const name of ["limani-system", "team-a"]) {
		await user.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name } }, {}, signal);
	}
	const options = readOperatorOptions([], environmentOf(objects)) ?? assert.fail();
	const logger = winston.createLogger({ silent: true });
	const listen = `127.0.0.1:${await freePort()}`;
	stack.use(await openOperator({ ...options, listen }, { connection, logger, podName: "pod-1" }));
	const find = (type: ResourceType, name: string) => user.find(type, { namespace: "team-a", name }, signal);
	const until = async (type: ResourceType, name: string, isSo: (object: KubeObject | undefined) => boolean) => {
		await eventually(async () => (isSo(await find(type, name)) ? [] : [`${type.kind} ${name} is not so`]));
		return find(type, name);
	};
	const isThere = (object: KubeObject | undefined): boolean => object !== undefined;
	const create = (type: ResourceType, name: string, more: object, labels: object = {}) => {
		const head = {
			apiVersion: apiVersionOf(type),
			kind: type.kind,
			metadata: { namespace: "team-a", name, labels: { ...labels } },
		};
		return user.create(type, { ...head, ...more }, {}, signal);
	};
	const filesystem = { size: "1Gi" };
	const spec = {
		storage: { filesystem },
		storageClasses: [{ name: "own", filesystem: { ...filesystem, storageClassName: "fast" } }],
		backup: { archive: { filesystem } },
		exposure: { ingress: { host: "app.example.org" } },
		deletionPolicy: "Delete",
	};
	await create(registryKind, "app", { spec });
	await until(PERSISTENT_VOLUME_CLAIMS, "app-backup", isThere);
	await until(PERSISTENT_VOLUME_CLAIMS, "app-class-own", isThere);
	const set = (await until(STATEFUL_SETS, "app-registry", isThere)) ?? assert.fail();
	await until(INGRESSES, "app-registry", isThere);
	// As the controllers of a cluster would.
	const status = { observedGeneration: set.metadata.generation, replicas: 1, readyReplicas: 0, updatedReplicas: 1 };
	const claim = { spec: { resources: { requests: { storage: "1Gi" } } } };
	await create(PERSISTENT_VOLUME_CLAIMS, "data-app-registry-0", claim, lastingLabelsOf({ name: "app" }));
	const ref = { namespace: "team-a", name: "app-registry" };
	await user.patch(STATEFUL_SETS, ref, { kind: "merge", body: { status } }, { subresource: "status" }, signal);
	const larger = { spec: { storage: { filesystem: { size: "2Gi" } }, exposure: { ingress: null } } };
	await user.patch(registryKind, { namespace: "team-a", name: "app" }, { kind: "merge", body: larger }, {}, signal);
	await until(PERSISTENT_VOLUME_CLAIMS, "data-app-registry-0", (object) => JSON.stringify(object).includes("2Gi"));
	await until(INGRESSES, "app-registry", (object) => object === undefined);
	await create(SECRETS, "database", { stringData: { url: "postgres://limani:word@db.example/limani" } });
	const shared = {
		replicas: 2,
		autoscaling: { maxReplicas: 4 },
		storage: { s3: { bucket: "images" } },
		database: { postgres: { urlSecretRef: { name: "database", key: "url" } } },
	};
	await create(registryKind, "many", { spec: shared });
	for (const type of SCALED) await until(type, "many-registry", isThere);
	await user.delete(registryKind, { namespace: "team-a", name: "many" }, {}, signal);
	for (const type of SCALED) await until(type, "many-registry", (object) => object === undefined);
	// As CloudNativePG would, where it is.
	for (const [name, data] of [
		["own-database-app", { uri: "postgresql://limani:word@own-database-rw.team-a:5432/limani" }],
		["own-database-ca", { "ca.crt": "a certificate" }],
	] as const) {
		await create(SECRETS, name, { stringData: data });
	}
	const own = {
		...shared,
		database: { cloudNativePG: { instances: 1 } },
		deletionPolicy: "Delete",
	};
	await create(registryKind, "own", { spec: own });
	const database = { namespace: "team-a", name: "own-database" };
	await until(POSTGRES_CLUSTERS, database.name, isThere);
	const healthy = { status: { readyInstances: 3, conditions: [{ type: "Ready", status: "True" }] } };
	const byStatus = { subresource: "status" } as const;
	await user.patch(POSTGRES_CLUSTERS, database, { kind: "merge", body: healthy }, byStatus, signal);
	await until(DEPLOYMENTS, "own-registry", isThere);
	const three = { spec: { database: { cloudNativePG: { instances: 3 } } } };
	await user.patch(registryKind, { namespace: "team-a", name: "own" }, { kind: "merge", body: three }, {}, signal);
	await until(POSTGRES_CLUSTERS, database.name, (object) => Object(object?.spec).instances === 3);
	await user.delete(registryKind, { namespace: "team-a", name: "own" }, {}, signal);
	await until(registryKind, "own", (object) => object === undefined);
	assert.equal(await find(POSTGRES_CLUSTERS, database.name), undefined);
	await user.delete(registryKind, { namespace: "team-a", name: "app" }, {}, signal);
	await until(registryKind, "app", (object) => object === undefined);
	assert.equal(await find(PERSISTENT_VOLUME_CLAIMS, "data-app-registry-0"), undefined);
	assert.equal(await find(PERSISTENT_VOLUME_CLAIMS, "app-class-own"), undefined);
	assert.notEqual(await find(PERSISTENT_VOLUME_CLAIMS, "app-backup"), undefined);
	assert.equal(await find(SECRETS, "app-registry-master-key"), undefined);
	return gate;
};

/** What is granted and never asked for by itself; the file says why. */
const neverAsked = (): ReadonlySet<string> => {
	const file = join(import.meta.dirname, "../../../charts/limani/files/permissions.yaml");
	const { owners } = parse(readFileSync(file, "utf8"));
	return wordsOfGrants(owners.map((rule: unknown) => ({ namespace: undefined, rule })));
};

suite("The operator's rights", () => {
	const used = new Set<string>();

	test("are enough to look after resources of all kinds", async () => {
		const gate = await askForResources();
		assert.deepEqual([...gate.refused], []);
		for (const words of gate.used) used.add(words);
	});

	test("are enough to make Registries where it may have Secrets", async () => {
		const gate = await askForRegistries({ "secrets.namespaces": ["team-a"] });
		assert.deepEqual([...gate.refused], []);
		for (const words of gate.used) used.add(words);
	});

	test("are enough in the namespaces that are listed", async () => {
		const gate = await askForRegistries({ watchNamespaces: ["team-a"] });
		assert.deepEqual([...gate.refused], []);
	});

	test("are no more than it uses", async () => {
		const granted = wordsOfGrants(grantsOf(await renderChart(), ACCOUNT));
		const needless = granted.difference(used).difference(neverAsked());
		assert.deepEqual([...needless].toSorted(), []);
		assert.deepEqual([...used.difference(granted)], []);
	});
});
