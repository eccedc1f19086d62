import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import type { ObjectRef } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { POSTGRES_CLUSTERS, type ResourceType } from "#/kube/resource-type.ts";
import { fieldAt } from "#/kube-embedded/json.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { ClusterDatabases } from "#/operator/registry/cluster/cluster-databases.ts";
import { databaseClusterOf } from "#/operator/registry/cluster/database-cluster.ts";
import { databaseNamesOf, withConnection } from "#/operator/registry/own-database.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { specOf, wantedOf } from "./wanted.ts";

const REGISTRY = { uid: "registry-1", namespace: "team-a", name: "app" };
const STORAGE = { s3: { bucket: "images" } };
const NAME = "app-database";
const { signal } = new AbortController();

/** A cluster where CloudNativePG may not be installed. */
class MaybeCluster extends FakeCluster {
	knows = true;

	override async find(type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
		if (type === POSTGRES_CLUSTERS && !this.knows) throw new KubeError("NOT_FOUND", "404 page not found");
		return super.find(type, ref);
	}
}

const specWith = (database: object = {}, more: object = {}) =>
	specOf({ storage: STORAGE, database: { cloudNativePG: database }, ...more });

const open = () => {
	const cluster = new MaybeCluster();
	const databases = new ClusterDatabases({ client: cluster, now: () => Date.UTC(2026, 10, 22), randomBytes });
	const ensure = (database: object = {}, more: object = {}) =>
		databases.ensure({ ...REGISTRY, spec: specWith(database, more) }, signal);
	/** What CloudNativePG would write. */
	const report = (status: object): void => {
		const present = cluster.at("Cluster", NAME) ?? assert.fail();
		cluster.put({ ...present, status });
	};
	const healthy = (readyInstances: number) =>
		report({ phase: "Cluster in healthy state", readyInstances, conditions: [{ type: "Ready", status: "True" }] });
	return { cluster, databases, ensure, report, healthy };
};

const render = (database: object, more: object = {}, present?: KubeObject): KubeObject => {
	const spec = specWith(database, more);
	return databaseClusterOf({ ...REGISTRY, spec }, spec.database.cloudNativePG ?? assert.fail(), present);
};

const connections = (cluster: KubeObject): unknown =>
	fieldAt(cluster, ["spec", "postgresql", "parameters", "max_connections"]);

suite("The Cluster of a Registry's database", () => {
	test("has a database of its own, belongs to nobody who would take it along, and the same spec gives the same", () => {
		const cluster = render({ storage: { size: "20Gi", storageClassName: "fast" }, imageName: "postgresql:18" });
		assert.equal(cluster.metadata.name, NAME);
		assert.equal(cluster.metadata.ownerReferences, undefined);
		assert.equal(cluster.metadata.labels?.["app.kubernetes.io/instance"], "app");
		const { bootstrap, storage, imageName, instances } = Object(cluster.spec);
		assert.equal(bootstrap.initdb.database, "limani");
		assert.equal(bootstrap.initdb.owner, "limani");
		assert.equal(bootstrap.initdb.localeCollate, "C");
		assert.deepEqual(
			{ storage, imageName, instances },
			{
				storage: { size: "20Gi", storageClass: "fast" },
				imageName: "postgresql:18",
				instances: 3,
			},
		);
		assert.deepEqual(render({}), render({}));
		assert.doesNotMatch(JSON.stringify(render({})), /storageClass|imageName|resources|null/);
	});

	test("lets in what all processes may open, in few steps, and never fewer than it does", () => {
		const cases: readonly (readonly [object, object, string])[] = [
			[{}, {}, "100"],
			[{}, { replicas: 3 }, "100"],
			[{}, { replicas: 4 }, "200"],
			[{}, { replicas: 0 }, "100"],
			[{}, { replicas: 1, autoscaling: { maxReplicas: 20 } }, "400"],
			[{ maxConnections: 1_000 }, { replicas: 100 }, "102400"],
		];
		for (const [database, more, count] of cases) assert.equal(connections(render(database, more)), count);
		const large = render({}, { replicas: 20 });
		assert.equal(connections(render({}, { replicas: 1 }, large)), "400");
		const odd = { ...large, spec: { postgresql: { parameters: { max_connections: "many" } } } };
		assert.equal(connections(render({}, {}, odd)), "100");
	});

	test("has each commit on two instances, but where one of two is away", () => {
		const synchronous = (instances: number) => fieldAt(render({ instances }), ["spec", "postgresql", "synchronous"]);
		assert.equal(synchronous(1), undefined);
		assert.deepEqual(synchronous(2), { method: "any", number: 1, dataDurability: "preferred" });
		assert.deepEqual(synchronous(3), { method: "any", number: 1 });
	});

	test("has a name that CloudNativePG takes, however long that of the Registry is", () => {
		assert.ok(databaseNamesOf({ name: "a".repeat(40) }).cluster.length <= 50);
	});
});

suite("The database of a Registry's own", () => {
	test("is made after its master key, read again without a write, and said to be ready when all instances are", async () => {
		const { cluster, ensure, report, healthy } = open();
		assert.match((await ensure())?.message ?? "", /was not looked at by CloudNativePG yet/);
		assert.deepEqual(cluster.writes, ["create Secret app-registry-master-key", `apply Cluster ${NAME}`]);
		cluster.writes.length = 0;
		report({ phase: "Creating replica", phaseReason: "the second", readyInstances: 1, conditions: [] });
		const { reason, message, terminal } = (await ensure()) ?? assert.fail();
		assert.deepEqual([reason, terminal], ["DatabaseNotReady", false]);
		assert.match(message, /app-database is not ready: 1 of 3 instances are \(Creating replica: the second\)/);
		healthy(2);
		assert.match((await ensure())?.message ?? "", /2 of 3/);
		healthy(3);
		assert.equal(await ensure(), undefined);
		report({ phase: 7, readyInstances: "three", conditions: "none" });
		assert.equal((await ensure())?.reason, "DatabaseNotReady");
		assert.deepEqual(cluster.writes, []);
	});

	test("is asked for where nobody knows of Clusters in words that help, and made when somebody does", async () => {
		const { cluster, databases, ensure } = open();
		cluster.knows = false;
		const { reason, message, terminal } = (await ensure()) ?? assert.fail();
		assert.deepEqual([reason, terminal], ["CloudNativePGMissing", false]);
		assert.match(message, /install the operator of CloudNativePG/);
		await databases.remove(REGISTRY, signal);
		assert.deepEqual(cluster.writes, []);
		cluster.knows = true;
		assert.equal((await ensure())?.reason, "DatabaseNotReady");
	});

	test("changes with the spec, keeps what others say of it and how it began, and shrinks no volume", async () => {
		const { cluster, ensure } = open();
		await ensure({ resources: { limits: { memory: "1Gi" } } });
		const made = cluster.at("Cluster", NAME) ?? assert.fail();
		const bootstrap = { recovery: { source: "elsewhere" } };
		cluster.put({ ...made, spec: { ...Object(made.spec), bootstrap, backup: { retentionPolicy: "30d" } } });
		await ensure({ instances: 5, storage: { size: "20Gi" } });
		const { spec } = cluster.at("Cluster", NAME) ?? assert.fail();
		assert.deepEqual(fieldAt(spec, ["bootstrap", "recovery"]), bootstrap.recovery);
		assert.deepEqual(
			["instances", "resources", "backup"].map((field) => Object(spec)[field]),
			[5, undefined, { retentionPolicy: "30d" }],
		);
		cluster.writes.length = 0;
		const { reason, terminal, message } = (await ensure({ storage: { size: "5Gi" } })) ?? assert.fail();
		assert.deepEqual([reason, terminal], ["InvalidSpec", true]);
		assert.match(message, /got 5Gi: the volumes have 20Gi already/);
		assert.deepEqual(cluster.writes, []);
	});

	test("is not made anew under processes that ran on one, until those are taken away", async () => {
		const { cluster, ensure } = open();
		await ensure();
		assert.ok(cluster.at("Cluster", NAME));
		const deployment = {
			apiVersion: "apps/v1",
			kind: "Deployment",
			metadata: { name: "app-registry", namespace: "team-a" },
		};
		cluster.put(deployment);
		cluster.objects.delete(`Cluster ${NAME}`);
		const problem = await ensure();
		assert.equal(problem?.reason, "DatabaseLost");
		assert.match(problem?.message ?? "", /Cluster app-database is gone.* delete the Deployment app-registry$/);
		assert.equal(cluster.at("Cluster", NAME), undefined);
		cluster.objects.delete("Deployment app-registry");
		assert.equal((await ensure())?.reason, "DatabaseNotReady");
		assert.ok(cluster.at("Cluster", NAME));
	});

	test("is not taken from somebody who has one of that name, neither made so nor deleted", async () => {
		const { cluster, databases, ensure } = open();
		const foreign = cluster.put({
			apiVersion: "postgresql.cnpg.io/v1",
			kind: "Cluster",
			metadata: { name: NAME, namespace: "team-a" },
			spec: {},
		});
		assert.deepEqual((await ensure())?.reason, "NotOurs");
		await databases.remove(REGISTRY, signal);
		assert.equal(cluster.at("Cluster", NAME), foreign);
		assert.deepEqual(cluster.writes, []);
	});

	test("stays for one of the same name, goes when it is to, and one that is going is made anew when it is gone", async () => {
		const { cluster, databases, ensure, healthy } = open();
		await ensure();
		healthy(3);
		const again = { uid: "registry-2", namespace: "team-a", name: "app", spec: specWith() };
		assert.equal(await databases.ensure(again, signal), undefined);
		const made = cluster.at("Cluster", NAME) ?? assert.fail();
		cluster.put({ ...made, metadata: { ...made.metadata, deletionTimestamp: "2026-11-22T00:00:00Z" } });
		assert.match((await ensure())?.message ?? "", /is being deleted/);
		await databases.remove(REGISTRY, signal);
		assert.equal(cluster.at("Cluster", NAME), undefined);
		await databases.remove(REGISTRY, signal);
		assert.match((await ensure())?.message ?? "", /not looked at/);
	});

	test("never has a Registry sealed with another master key, be the key lost before or after it was made", async () => {
		const { cluster, databases, ensure, healthy } = open();
		await ensure();
		healthy(3);
		cluster.objects.delete("Secret app-registry-master-key");
		assert.equal(await ensure(), undefined);
		const actuator = new ClusterActuator({
			client: cluster,
			image: "registry.example/limani:0.1.0",
			version: "0.1.0",
			operator: { namespace: "limani", labels: { app: "limani-operator" } },
			made: [],
			now: Date.now,
			randomBytes,
		});
		const spec = { storage: STORAGE, database: { cloudNativePG: {} } };
		const { problem } = await actuator.ensure(wantedOf(spec), signal);
		assert.match(problem?.message ?? "", /app-registry-master-key is gone/);
		assert.equal(cluster.at("Deployment", "app-registry"), undefined);
		await databases.remove(REGISTRY, signal);
		cluster.put({
			apiVersion: "apps/v1",
			kind: "Deployment",
			metadata: { name: "app-registry", namespace: "team-a" },
			spec: {},
		});
		assert.match((await ensure())?.message ?? "", /app-registry-master-key is gone/);
		assert.equal(cluster.at("Cluster", NAME), undefined);
	});

	test("is refused in the API server's words, and asked for again when that does not answer", async () => {
		for (const [code, reason] of [
			["INVALID", "InvalidSpec"],
			["FORBIDDEN", "Failed"],
		] as const) {
			const { cluster, ensure } = open();
			cluster.meddle = (write) => {
				if (write.includes("Cluster")) throw new KubeError(code, "spec.imageName: no such thing");
			};
			const problem = await ensure();
			assert.deepEqual([problem?.reason, problem?.message], [reason, "spec.imageName: no such thing"]);
			cluster.meddle = () => {
				throw new KubeError("UNAVAILABLE", "later");
			};
			await assert.rejects(ensure(), { code: "UNAVAILABLE" });
		}
	});

	test("is reached as any other is, by what CloudNativePG wrote", () => {
		const { database } = withConnection("app", specWith({ maxConnections: 8 }));
		assert.deepEqual(database.postgres, {
			urlSecretRef: { name: "app-database-app", key: "uri" },
			caSecretRef: { name: "app-database-ca", key: "ca.crt" },
			maxConnections: 8,
		});
		const other = specOf({});
		assert.equal(withConnection("app", other), other);
	});
});
