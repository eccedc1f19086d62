import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CachedStore } from "#/kube/cached-store.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

const { signal } = new AbortController();
const NAME = "app-registry";
const SHARED = {
	storage: { s3: { bucket: "images" } },
	database: { postgres: { urlSecretRef: { name: "database", key: "url" } } },
};

const open = () => {
	const cluster = new FakeCluster();
	const actuator = new ClusterActuator({
		client: cluster,
		image: "registry.example/limani:0.1.0",
		version: "0.1.0",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [new CachedStore({ report: (error) => assert.fail(String(error)) })],
		now: Date.now,
		randomBytes,
	});
	/** What the controller of that kind would write. */
	const say = (kind: "StatefulSet" | "Deployment", status: { readonly [field: string]: number } = {}): void => {
		const object = cluster.at(kind, NAME) ?? assert.fail();
		const { generation: observedGeneration } = object.metadata;
		const all = { observedGeneration, replicas: 1, readyReplicas: 1, updatedReplicas: 1, ...status };
		cluster.put({ ...object, status: all });
	};
	return { cluster, say, ensure: (spec = {}) => actuator.ensure(wantedOf(spec), signal) };
};

test("the pods of before stay until those that follow them are ready", async () => {
	const { cluster, say, ensure } = open();
	await ensure();
	say("StatefulSet");
	await ensure(SHARED);
	say("Deployment", { readyReplicas: 0 });
	await ensure(SHARED);
	assert.ok(cluster.at("StatefulSet", NAME) !== undefined);
	say("Deployment");
	assert.equal((await ensure(SHARED)).problem, undefined);
	assert.equal(cluster.at("StatefulSet", NAME), undefined);
});

test("a Registry is not as wanted while pods of before are still among its own", async () => {
	const { say, ensure } = open();
	await ensure({ ...SHARED, replicas: 2 });
	const problemAt = async (status: { readonly [field: string]: number }) => {
		say("Deployment", status);
		return (await ensure({ ...SHARED, replicas: 2 })).problem?.message;
	};
	assert.match((await problemAt({ replicas: 3, readyReplicas: 3, updatedReplicas: 1 })) ?? "", /1 of 2 pods have/);
	assert.match((await problemAt({ replicas: 3, readyReplicas: 3, updatedReplicas: 2 })) ?? "", /1 pods are to go/);
	assert.equal(await problemAt({ replicas: 2, readyReplicas: 2, updatedReplicas: 2 }), undefined);
});

test("a Registry whose files and database go elsewhere is one pod until neither is left", async () => {
	const { cluster, say, ensure } = open();
	const target = { postgres: { urlSecretRef: { name: "database", key: "url" } } };
	const both = { migration: { storage: { s3: { bucket: "images" } }, database: target } };
	const kinds = () => (["StatefulSet", "Deployment"] as const).filter((kind) => cluster.at(kind, NAME) !== undefined);
	for (const spec of [
		{},
		both,
		{ database: target, migration: { storage: both.migration.storage } },
		{ storage: both.migration.storage, migration: { database: target } },
	]) {
		await ensure(spec);
		say("StatefulSet");
		assert.deepEqual(kinds(), ["StatefulSet"], JSON.stringify(spec));
		assert.equal(JSON.parse(JSON.stringify(cluster.at("StatefulSet", NAME))).spec.replicas, 1);
	}
	await ensure(SHARED);
	say("Deployment", { readyReplicas: 0 });
	await ensure(SHARED);
	assert.deepEqual(kinds(), ["StatefulSet", "Deployment"]);
	say("Deployment");
	await ensure(SHARED);
	assert.deepEqual(kinds(), ["Deployment"]);
});

test("the pod of a Registry whose database goes elsewhere has the target's URL from its Secret alone", async () => {
	const { cluster, ensure } = open();
	const urlSecretRef = { name: "database", key: "url" };
	await ensure({ migration: { database: { postgres: { urlSecretRef, maxConnections: 4 } } } });
	const pods = JSON.stringify(cluster.at("StatefulSet", NAME)?.spec);
	const variable = "LIMANI_DATABASE_SQLITE_MIGRATE_TO_POSTGRES_URL";
	const valueFrom = { secretKeyRef: { name: "database", key: "url" } };
	assert.ok(pods.includes(JSON.stringify({ name: variable, valueFrom })), pods);
	const config = JSON.stringify(cluster.at("ConfigMap", NAME)?.data);
	assert.match(config, /migrateTo/);
	assert.match(config, /maxConnections/);
});
