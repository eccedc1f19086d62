import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { after, before, suite, test } from "node:test";
import winston from "winston";
import { registryKind } from "#/api/kinds/registry.ts";
import { openOperator } from "#/app/operator/open-operator.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import {
	apiVersionOf,
	CUSTOM_RESOURCE_DEFINITIONS,
	DEPLOYMENTS,
	NAMESPACES,
	POSTGRES_CLUSTERS,
	type ResourceType,
	SECRETS,
} from "#/kube/resource-type.ts";
import { kubeconfigConnection } from "#/kube/rest/kubeconfig-connection.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import { databaseClusterOf } from "#/operator/registry/cluster/database-cluster.ts";
import { specOf } from "../../operator/registry/cluster/wanted.ts";
import { freePorts } from "../../support/free-ports.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { eventually } from "../../support/operator-world.ts";
import { findPart, skipWithout } from "../../support/parts.ts";
import { lintStatus } from "../../support/status-lint.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

const soon = (): AbortSignal => AbortSignal.timeout(30_000);
const OPTS = { fieldManager: "a person" };
const LONG = 180_000;
const DEFINITION = "clusters.postgresql.cnpg.io";
const STORAGE = { s3: { bucket: "images" } };

/** What a Registry may say of its database. */
const DATABASES: readonly object[] = [
	{},
	{ instances: 1 },
	{ instances: 2, maxConnections: 200 },
	{
		instances: 5,
		storage: { size: 21_474_836_480, storageClassName: "fast" },
		imageName: "registry.example/postgresql:18@sha256:0123",
		resources: { requests: { cpu: 2, memory: "4Gi" }, limits: { memory: "4Gi" } },
	},
];

suite("A Registry with a database of CloudNativePG, on a real API server", {
	skip: skipWithoutKube() || skipWithout("cloudnative-pg-cluster"),
}, () => {
	const stack = new AsyncDisposableStack();
	const lines: string[] = [];
	let bench: KubeBench;

	before(async () => {
		bench = stack.use(await openKubeBench({ controllers: true }));
		const known = await bench.client.find(CUSTOM_RESOURCE_DEFINITIONS, { name: DEFINITION }, soon());
		assert.equal(known, undefined, "tests need a cluster that has no databases of somebody's");
		await applyDefinitions(bench.client, soon());
		await eventually(() => unservedKinds(bench.client));
		const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "team-a" } };
		await bench.client.create(NAMESPACES, namespace, OPTS, soon());
		const options = {
			image: "registry.example/limani:0.1.0",
			namespaces: [],
			secretNamespaces: [],
			lease: { namespace: "default", name: "limani-operator" },
			podLabels: { app: "limani-operator" },
			listen: `127.0.0.1:${await freePorts(1)}`,
			kubeconfig: undefined,
			logLevel: "info",
		};
		const connection = await kubeconfigConnection({ path: bench.plane.kubeconfig });
		stack.use(await openOperator(options, { connection, logger: loggerTo(lines), podName: "pod-1" }));
	});
	after(async () => {
		await bench.client.delete(CUSTOM_RESOURCE_DEFINITIONS, { name: DEFINITION }, {}, soon());
		await stack.disposeAsync();
	});

	const find = (type: ResourceType, name: string) => bench.client.find(type, at(name), soon());
	/** Whether the server has begun to serve Clusters, which takes it a moment. */
	const isServed = async (): Promise<boolean> => {
		const { code } = await bench.attempt("get", DEFINITION, "--namespace=team-a");
		return code === 0;
	};
	const until = async (
		type: ResourceType,
		name: string,
		isSo: (object: KubeObject | undefined) => boolean,
	): Promise<KubeObject | undefined> => {
		let found: KubeObject | undefined;
		await eventually(async () => {
			found = await find(type, name);
			return isSo(found) ? [] : [`${type.kind} ${name} is ${JSON.stringify(found)}; said: ${lines.slice(-3)}`];
		}, LONG);
		return found;
	};
	/** Waits until that condition of a Registry has that reason, and gives what it says. */
	const says = async (name: string, type: string, reason: string, words = /^/): Promise<string> => {
		const conditionIn = (object: KubeObject | undefined) =>
			object === undefined ? undefined : findCondition(conditionsOf(object), type);
		const found = await until(registryKind, name, (object) => {
			const condition = conditionIn(object);
			return condition?.reason === reason && words.test(condition.message);
		});
		assert.deepEqual(lintStatus(found ?? assert.fail(), { stage: "underway" }).failures, []);
		return conditionIn(found)?.message ?? "";
	};
	const create = (type: ResourceType, name: string, more: object) => {
		const object = { apiVersion: apiVersionOf(type), kind: type.kind, metadata: at(name), ...more };
		return bench.client.create(type, object, OPTS, soon());
	};
	const change = (type: ResourceType, name: string, body: object, subresource?: "status") =>
		bench.client.patch(type, at(name), { kind: "merge", body }, { ...OPTS, subresource }, soon());
	const remove = async (name: string) => {
		await bench.client.delete(registryKind, at(name), {}, soon());
		await until(registryKind, name, (found) => found === undefined);
	};
	/** What CloudNativePG would write. */
	const report = (phase: string, readyInstances: number) => {
		const ready = {
			type: "Ready",
			status: phase === "Cluster in healthy state" ? "True" : "False",
			reason: "ClusterIsReady",
			message: "as it is",
			lastTransitionTime: new Date().toISOString(),
		};
		const status = { phase, readyInstances, instances: 3, conditions: [ready] };
		return change(POSTGRES_CLUSTERS, "app-database", { status }, "status");
	};
	const password = (word: string) => {
		const uri = `postgresql://limani:${word}@app-database-rw.team-a:5432/limani`;
		return { data: { uri: Buffer.from(uri).toString("base64") } };
	};
	const settingsOf = (deployment: KubeObject | undefined) =>
		fieldAt(deployment, ["spec", "template", "metadata", "annotations", "limani.dev/settings"]);
	const spec = { replicas: 2, storage: STORAGE, database: { cloudNativePG: { storage: { size: "5Gi" } } } };

	test("says what to install where nobody knows of Clusters, and makes nothing; it goes all the same", async () => {
		await create(registryKind, "app", { spec });
		await create(registryKind, "gone", { spec: { ...spec, deletionPolicy: "Delete" } });
		for (const name of ["app", "gone"]) {
			assert.match(await says(name, "Ready", "CloudNativePGMissing"), /install the operator of CloudNativePG/);
			await says(name, "DatabaseReady", "CloudNativePGMissing");
			assert.equal(await find(DEPLOYMENTS, `${name}-registry`), undefined);
		}
		await remove("gone");
	});

	test("notices that the definition came, with the operator that runs, and has the database made", async () => {
		const file = findPart("cloudnative-pg-cluster") ?? assert.fail();
		await bench.kubectl("apply", "--server-side", "-f", file);
		await eventually(async () => ((await isServed()) ? [] : ["the definition is not served"]), LONG);
		const made = await until(POSTGRES_CLUSTERS, "app-database", isThere);
		assert.equal(made?.metadata.ownerReferences, undefined, "it would go with its owner");
		assert.ok(isThere(await find(SECRETS, "app-registry-master-key")));
		await says("app", "DatabaseReady", "DatabaseNotReady", /was not looked at by CloudNativePG yet/);
		assert.equal(await find(DEPLOYMENTS, "app-registry"), undefined);
	});

	for (const [i, database] of DATABASES.entries()) {
		test(`asks for nothing that the server would not know (${i + 1} of ${DATABASES.length})`, async () => {
			const asked = specOf({ ...spec, database: { cloudNativePG: database } });
			const cloudNativePG = asked.database.cloudNativePG ?? assert.fail();
			const owner = { uid: "registry-1", namespace: "team-a", name: "strict", spec: asked };
			const cluster = databaseClusterOf(owner, cloudNativePG, undefined);
			const path = "/apis/postgresql.cnpg.io/v1/namespaces/team-a/clusters?fieldValidation=Strict&dryRun=All";
			const taken = await bench.call("POST", path, cluster);
			assert.equal(taken.status, 201, JSON.stringify(taken.body));
			assert.deepEqual(taken.warnings, []);
			const unknown = { ...cluster, spec: { ...Object(cluster.spec), instance: 3 } };
			const refused = await bench.call("POST", path, unknown);
			assert.equal(refused.status, 400, "that the server looks");
		});
	}

	test("waits for the database in CloudNativePG's words, and runs on it with the Secrets that it made", async () => {
		await create(SECRETS, "app-database-app", password("first"));
		await report("Setting up primary", 0);
		assert.match(
			await says("app", "Ready", "DatabaseNotReady", /0 of 3 instances are \(Setting up primary\)/),
			/kubectl describe clusters\.postgresql\.cnpg\.io app-database/,
		);
		await report("Cluster in healthy state", 3);
		await says("app", "Ready", "DependencyNotReady", /cloudNativePG: there is no Secret app-database-ca/);
		assert.equal(await find(DEPLOYMENTS, "app-registry"), undefined);
		const data = { "ca.crt": "YQ==", "ca.key": "Yg==" };
		await create(SECRETS, "app-database-ca", { data });
		const deployment = await until(DEPLOYMENTS, "app-registry", isThere);
		await says("app", "DatabaseReady", "Succeeded");
		const text = JSON.stringify(deployment?.spec);
		const key = { name: "app-database-app", key: "uri" };
		assert.ok(
			text.includes(JSON.stringify({ name: "LIMANI_DATABASE_POSTGRES_URL", valueFrom: { secretKeyRef: key } })),
		);
		const volumes = fieldAt(deployment, ["spec", "template", "spec", "volumes"]);
		assert.ok(Array.isArray(volumes));
		const secret = { secretName: "app-database-ca", items: [{ key: "ca.crt", path: "ca.crt" }], defaultMode: 0o440 };
		assert.ok(volumes.some((volume) => JSON.stringify(sorted(volume.secret)) === JSON.stringify(sorted(secret))));
		assert.equal(fieldAt(deployment, ["spec", "replicas"]), 2);
	});

	test("starts its pods anew when the password changes, and goes on while an instance is away", async () => {
		const before = settingsOf(await find(DEPLOYMENTS, "app-registry"));
		await change(SECRETS, "app-database-app", password("second"));
		await until(DEPLOYMENTS, "app-registry", (found) => isThere(found) && settingsOf(found) !== before);
		await until(DEPLOYMENTS, "app-registry", (found) => Number(fieldAt(found, ["status", "replicas"]) ?? 0) > 0);
		await report("Waiting for the instances to become active", 2);
		await says("app", "DatabaseReady", "DatabaseNotReady", /2 of 3 instances/);
		await says("app", "Ready", "Progressing");
		await change(registryKind, "app", { spec: { replicas: 4 } });
		await until(DEPLOYMENTS, "app-registry", (found) => fieldAt(found, ["spec", "replicas"]) === 4);
		await report("Cluster in healthy state", 3);
		await says("app", "DatabaseReady", "Succeeded");
	});

	test("changes the Cluster with its spec, keeps what others say there, and shrinks no volume", async () => {
		const backup = { spec: { backup: { retentionPolicy: "30d" } } };
		await change(POSTGRES_CLUSTERS, "app-database", backup);
		const database = { cloudNativePG: { instances: 5, storage: { size: "6Gi" } } };
		await change(registryKind, "app", { spec: { database } });
		const grown = await until(POSTGRES_CLUSTERS, "app-database", (found) => instancesOf(found) === 5);
		assert.equal(fieldAt(grown, ["spec", "storage", "size"]), "6Gi");
		assert.equal(fieldAt(grown, ["spec", "backup", "retentionPolicy"]), "30d");
		await change(registryKind, "app", { spec: { database: { cloudNativePG: { storage: { size: "1Gi" } } } } });
		await says("app", "Ready", "InvalidSpec", /got 1Gi: the volumes have 6Gi already/);
		await change(registryKind, "app", { spec: { database: { cloudNativePG: { storage: { size: "6Gi" } } } } });
		await says("app", "DatabaseReady", "DatabaseNotReady", /3 of 5/);
	});

	test("leaves its database behind, which one of its name takes over, and takes it along when it is to", async () => {
		const { uid } = (await find(POSTGRES_CLUSTERS, "app-database"))?.metadata ?? assert.fail();
		await remove("app");
		await until(DEPLOYMENTS, "app-registry", (found) => found === undefined);
		assert.equal((await find(POSTGRES_CLUSTERS, "app-database"))?.metadata.uid, uid);
		await report("Cluster in healthy state", 5);
		const again = { ...spec, database: { cloudNativePG: { instances: 5, storage: { size: "6Gi" } } } };
		await create(registryKind, "app", { spec: { ...again, deletionPolicy: "Delete" } });
		await until(DEPLOYMENTS, "app-registry", isThere);
		assert.equal((await find(POSTGRES_CLUSTERS, "app-database"))?.metadata.uid, uid);
		await remove("app");
		await until(POSTGRES_CLUSTERS, "app-database", (found) => found === undefined);
		assert.equal(await find(SECRETS, "app-registry-master-key"), undefined);
	});

	test("leaves somebody else's Cluster alone, whatever its own spec says", async () => {
		const standing = await create(POSTGRES_CLUSTERS, "app-database", {
			spec: { instances: 1, storage: { size: "1Gi" } },
		});
		await create(registryKind, "app", { spec: { ...spec, deletionPolicy: "Delete" } });
		await says("app", "Ready", "NotOurs", /Cluster app-database/);
		await remove("app");
		const { metadata } = (await find(POSTGRES_CLUSTERS, "app-database")) ?? assert.fail();
		assert.deepEqual(
			[metadata.uid, metadata.resourceVersion],
			[standing.metadata.uid, standing.metadata.resourceVersion],
		);
	});
});

const isThere = (object: KubeObject | undefined): boolean => object !== undefined;

const at = (name: string) => ({ namespace: "team-a", name });

const instancesOf = (cluster: KubeObject | undefined): unknown => fieldAt(cluster, ["spec", "instances"]);

/** With its fields in an order of their own. */
const sorted = (value: object | undefined): object => Object.fromEntries(Object.entries(value ?? {}).toSorted());

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
