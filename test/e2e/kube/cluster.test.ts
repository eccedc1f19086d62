import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { after, before, suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import winston from "winston";
import { registryKind } from "#/api/kinds/registry.ts";
import { openOperator } from "#/app/operator/open-operator.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import {
	CONFIG_MAPS,
	DEPLOYMENTS,
	EVENTS,
	HORIZONTAL_POD_AUTOSCALERS,
	NAMESPACES,
	POD_DISRUPTION_BUDGETS,
	PODS,
	type ResourceType,
	SECRETS,
	SERVICE_ACCOUNTS,
	SERVICES,
	STATEFUL_SETS,
} from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { OWNED_TYPES } from "#/operator/registry/cluster/owned-types.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { readManifests } from "../../support/manifests.ts";
import { eventually } from "../../support/operator-world.ts";
import { lintStatus } from "../../support/status-lint.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const OPTS = { fieldManager: "a person" };
const LONG = 180_000;
/** Labels of a namespace where no pod may ask for more than it needs. */
const RESTRICTED = {
	"pod-security.kubernetes.io/enforce": "restricted",
	"pod-security.kubernetes.io/warn": "restricted",
};

suite("The operator of a real cluster that has no nodes", { skip: skipWithoutKube() }, () => {
	const stack = new AsyncDisposableStack();
	const lines: string[] = [];
	let bench: KubeBench;
	let metricsUrl: string;

	before(async () => {
		bench = stack.use(await openKubeBench({ controllers: true }));
		await applyDefinitions(bench.client, soon());
		await eventually(() => unservedKinds(bench.client));
		for (const name of ["team-a", "team-b"]) {
			const metadata = { name, labels: RESTRICTED };
			await bench.client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata }, OPTS, soon());
		}
		const listen = `127.0.0.1:${await freePorts(1)}`;
		metricsUrl = `http://${listen}/metrics`;
		const options = {
			image: "registry.example/limani:0.1.0",
			namespaces: [],
			secretNamespaces: [],
			lease: { namespace: "default", name: "limani-operator" },
			podLabels: { app: "limani-operator" },
			listen,
			kubeconfig: undefined,
			logLevel: "info",
		};
		const connection = await kubeconfigConnection({ path: bench.plane.kubeconfig });
		stack.use(await openOperator(options, { connection, logger: loggerTo(lines), podName: "pod-1" }));
	});
	after(() => stack.disposeAsync());

	const find = (type: ResourceType, name: string, namespace = "team-a") =>
		bench.client.find(type, { namespace, name }, soon());
	const until = async (
		type: ResourceType,
		name: string,
		isSo: (object: KubeObject | undefined) => boolean,
		ms = LONG,
	): Promise<KubeObject | undefined> => {
		let found: KubeObject | undefined;
		await eventually(async () => {
			found = await find(type, name);
			return isSo(found) ? [] : [`${type.kind} ${name} is ${JSON.stringify(found)}; said: ${lines.slice(-3)}`];
		}, ms);
		return found;
	};
	const create = (name: string, spec: object = {}) => {
		const { group, version, kind } = registryKind;
		const object = { apiVersion: `${group}/${version}`, kind, metadata: { namespace: "team-a", name }, spec };
		return bench.client.create(registryKind, object, OPTS, soon());
	};
	/** How many writes the operator has asked for so far; it keeps its lease by PUT. */
	const writes = async (): Promise<number> => {
		const text = await (await fetch(metricsUrl)).text();
		const series = text.matchAll(/^rest_client_requests_total\{[^}]*method="(PATCH|POST|DELETE)"[^}]*\} (\d+)$/gm);
		return series.reduce((sum, [, , count]) => sum + Number(count), 0);
	};

	test("makes what a Registry asks for, which a restricted namespace lets in", async () => {
		await create("app");
		const set = (await until(STATEFUL_SETS, "app-registry", isThere)) ?? assert.fail();
		const pod = await until(PODS, "app-registry-0", isThere);
		assert.ok(pod?.metadata.ownerReferences?.some(({ uid }) => uid === set.metadata.uid));
		const said = await until(registryKind, "app", (found) => /pod/.test(JSON.stringify(found?.status ?? {})));
		assert.deepEqual(lintStatus(said ?? assert.fail(), { stage: "underway" }).failures, []);
		const { items } = await bench.client.list(EVENTS, { namespace: "team-a", limit: 500 }, soon());
		const failed = items.filter(({ reason }) => ["FailedCreate", "FailedUpdate"].includes(String(reason)));
		assert.deepEqual(failed, [], "no controller was refused what the StatefulSet wants");
	});

	test("makes a Registry of several replicas a Deployment with a budget, which load and people scale", async () => {
		const data = { url: Buffer.from("postgres://limani:word@db.example/limani").toString("base64") };
		const secret = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "team-a", name: "database" }, data };
		await bench.client.create(SECRETS, secret, OPTS, soon());
		await create("many", {
			autoscaling: { minReplicas: 2, maxReplicas: 5 },
			resources: { requests: { cpu: "100m" } },
			storage: { s3: { bucket: "images" } },
			database: { postgres: { urlSecretRef: { name: "database", key: "url" } } },
		});
		const replicas = (count: number) => (found: KubeObject | undefined) =>
			Object(found?.status).replicas === count && Object(found?.spec).replicas === count;
		// By the autoscaler, to what there must be at least.
		await until(DEPLOYMENTS, "many-registry", replicas(2));
		await bench.kubectl("scale", "registry/many", "--replicas=9", "--namespace=team-a");
		await until(DEPLOYMENTS, "many-registry", replicas(5));
		// Its controller has seen the pods, of which it lets one be away once they are ready.
		await until(POD_DISRUPTION_BUDGETS, "many-registry", (found) => Object(found?.status).expectedPods === 5);
		await bench.client.patch(
			registryKind,
			at("many"),
			{ kind: "merge", body: { spec: { replicas: 0 } } },
			OPTS,
			soon(),
		);
		await until(DEPLOYMENTS, "many-registry", (found) => Object(found?.spec).replicas === 0);
		await until(HORIZONTAL_POD_AUTOSCALERS, "many-registry", (found) => found === undefined);
		await bench.client.patch(
			registryKind,
			at("many"),
			{ kind: "merge", body: { spec: { replicas: 1 } } },
			OPTS,
			soon(),
		);
		await until(DEPLOYMENTS, "many-registry", replicas(2));
	});

	test("makes every Registry of the examples of objects that the server takes as they are", async () => {
		const wanted = readManifests("examples/{kinds,quickstart}/*.yaml").filter(({ kind }) => kind === "Registry");
		assert.ok(wanted.length > 2);
		for (const [i, { spec }] of wanted.entries()) await create(`example-${i}`, Object(spec));
		for (const i of wanted.keys()) {
			await until(registryKind, `example-${i}`, (found) => Array.isArray(Object(found?.status).conditions));
		}
		await eventually(async () => ((await applied(bench, "example-")).length > 0 ? [] : ["nothing was made"]), LONG);
		const refused = lines.filter((line) => /"(code|error)":"?(INVALID|422)|is invalid/.test(line));
		assert.deepEqual(refused, []);
	});

	for (const name of ["app", "many"]) {
		test(`writes nothing when it looks again at what the server has filled in (${name})`, async () => {
			// Not the workload: its controller would have to look too, and says for a moment that it has not yet.
			const touch = async (value: string) => {
				const before = reconciles(lines, name);
				const body = { metadata: { annotations: { "example.com/touched": value } } };
				await bench.client.patch(CONFIG_MAPS, at(`${name}-registry`), { kind: "merge", body }, OPTS, soon());
				await eventually(async () => (reconciles(lines, name) > before ? [] : ["it did not look"]));
			};
			await touch("once");
			const versions = async () => {
				const objects = await applied(bench, name);
				return new Map(objects.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.generation]));
			};
			const settled = { writes: await quiet(writes), versions: await versions() };
			await touch("twice");
			await touch("again");
			assert.deepEqual({ writes: await quiet(writes), versions: await versions() }, settled);
		});
	}

	test("puts back what somebody deletes, and takes all of it away with the Registry", async () => {
		for (const type of [SERVICES, STATEFUL_SETS]) {
			const uid = (await find(type, "app-registry"))?.metadata.uid;
			await bench.client.delete(type, at("app-registry"), {}, soon());
			await until(type, "app-registry", (found) => found !== undefined && found.metadata.uid !== uid);
		}
		await bench.client.delete(registryKind, at("app"), {}, soon());
		await until(registryKind, "app", (found) => found === undefined);
		await eventually(
			async () => (await applied(bench, "app")).map(({ kind, metadata }) => `${kind} ${metadata.name}`),
			LONG,
		);
		assert.ok(isThere(await find(SECRETS, "app-registry-master-key")), "the key of its data is kept");
	});

	test("goes on when the API server was away for a while", async (t) => {
		const { restart } = bench.plane;
		if (restart === undefined) return t.skip("the cluster is not ours to stop");
		await restart();
		await create("after");
		await until(STATEFUL_SETS, "after-registry", isThere);
		await bench.client.delete(SERVICES, at("after-registry"), {}, soon());
		await until(SERVICES, "after-registry", isThere);
	});

	test("lets a namespace go with the Registries in it", async () => {
		await create("last");
		await until(STATEFUL_SETS, "last-registry", isThere);
		await bench.kubectl("delete", "namespace", "team-a", "--timeout=180s");
		assert.equal(await bench.client.find(NAMESPACES, { name: "team-a" }, soon()), undefined);
		assert.ok(isThere(await bench.client.find(NAMESPACES, { name: "team-b" }, soon())));
		assert.ok(isThere(await find(SERVICE_ACCOUNTS, "default", "team-b")));
	});
});

const isThere = (object: KubeObject | undefined): boolean => object !== undefined;

const at = (name: string) => ({ namespace: "team-a", name });

/** What Registries whose names begin so are made of. */
const applied = async (bench: KubeBench, start: string): Promise<readonly KubeObject[]> => {
	const lists = await Promise.all(
		OWNED_TYPES.map((type) => bench.client.list(type, { namespace: "team-a", limit: 500 }, soon())),
	);
	return lists
		.flatMap(({ items }) => items)
		.filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/instance"]?.startsWith(start) === true);
};

/** How often a Registry of that name was looked at. */
const reconciles = (lines: readonly string[], name: string): number =>
	lines.filter((line) => line.includes('"message":"reconcile"') && line.includes(`"name":"${name}"`)).length;

/** A count, once it has stood still for a while. */
const quiet = async (count: () => Promise<number>): Promise<number> => {
	for (let last = await count(); ; ) {
		await sleep(1_000);
		const now = await count();
		if (now === last) return now;
		last = now;
	}
};

const loggerTo = (lines: string[]) => {
	const stream = new Writable({
		write: (chunk, _encoding, done) => {
			lines.push(String(chunk));
			done();
		},
	});
	const transports = [new winston.transports.Stream({ stream })];
	return winston.createLogger({ format: winston.format.json(), transports });
};
