import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

const REGISTRY = { uid: "registry-1", namespace: "team-a", name: "app" };
const { signal } = new AbortController();

const open = () => {
	const cluster = new FakeCluster();
	const actuator = new ClusterActuator({
		client: cluster,
		image: "registry.example/limani:0.1.0",
		version: "0.1.0",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [],
		now: () => Date.UTC(2026, 10, 22),
		randomBytes,
	});
	return { cluster, actuator, ensure: (spec: object) => actuator.ensure(wantedOf({ ...spec }), signal) };
};

const specAt = (cluster: FakeCluster, kind: string, name: string): ReadonlyMap<string, unknown> => {
	const spec: unknown = cluster.at(kind, name)?.spec;
	assert.ok(typeof spec === "object" && spec !== null);
	return new Map(Object.entries(spec));
};

/** What the StatefulSet controller would write. */
const runPods = (cluster: FakeCluster): void => {
	const object = cluster.at("StatefulSet", "app-registry") ?? assert.fail();
	const { generation: observedGeneration } = object.metadata;
	cluster.put({ ...object, status: { observedGeneration, replicas: 1, readyReplicas: 1, updatedReplicas: 1 } });
};

suite("The volume of a registry's backups", () => {
	const spec = (size: string) => ({ backup: { archive: { filesystem: { size, storageClassName: "large" } } } });
	const sizeOf = (cluster: FakeCluster) => specAt(cluster, "PersistentVolumeClaim", "app-backup").get("resources");

	test("is made before its pods, once, and grows with the spec", async () => {
		const { cluster, ensure } = open();
		await ensure(spec("10Gi"));
		assert.equal(cluster.writes[0], "create PersistentVolumeClaim app-backup");
		assert.deepEqual(Object.fromEntries(specAt(cluster, "PersistentVolumeClaim", "app-backup")), {
			accessModes: ["ReadWriteOnce"],
			storageClassName: "large",
			resources: { requests: { storage: "10Gi" } },
		});
		assert.equal(cluster.at("PersistentVolumeClaim", "app-backup")?.metadata.ownerReferences, undefined);
		cluster.writes.length = 0;
		await ensure(spec("10Gi"));
		assert.deepEqual(cluster.writes, []);
		runPods(cluster);
		await ensure(spec("1Ti"));
		assert.deepEqual(cluster.writes, ["patch PersistentVolumeClaim app-backup"]);
		assert.deepEqual(sizeOf(cluster), { requests: { storage: "1Ti" } });
		const { problem } = await ensure(spec("20Gi"));
		assert.match(
			problem?.message ?? "",
			/^spec\.backup\.archive\.filesystem\.size: got 20Gi: the volume has 1Ti already/,
		);
	});

	test("is not taken from somebody who has one of that name, and nothing else is made then", async () => {
		const { cluster, ensure } = open();
		cluster.put({
			apiVersion: "v1",
			kind: "PersistentVolumeClaim",
			metadata: { name: "app-backup", namespace: "team-a", labels: { app: "other" } },
			spec: { resources: { requests: { storage: "10Gi" } } },
		});
		assert.equal((await ensure(spec("10Gi"))).problem?.reason, "NotOurs");
		assert.deepEqual(cluster.writes, []);
	});

	test("outlives the registry, even one that takes its data along, and serves one of the same name after it", async () => {
		const { cluster, ensure, actuator } = open();
		await ensure(spec("10Gi"));
		await actuator.remove(REGISTRY, "Delete", signal);
		assert.deepEqual([...cluster.objects.keys()], ["PersistentVolumeClaim app-backup"]);
		const again = { ...wantedOf(spec("10Gi")), uid: "registry-2" };
		assert.equal((await actuator.ensure(again, signal)).problem?.reason, "Progressing");
	});
});

test("A registry begins with an archive, and its pods begin anew without once that is said", async () => {
	const { cluster, actuator } = open();
	const recovery = { archive: { filesystem: { claimName: "old-backup" } } };
	const revision = () => JSON.stringify(specAt(cluster, "StatefulSet", "app-registry").get("template"));
	await actuator.ensure(wantedOf({}, {}, recovery), signal);
	const beginning = revision();
	assert.ok(beginning.includes("old-backup"));
	runPods(cluster);
	cluster.writes.length = 0;
	await actuator.ensure(wantedOf(), signal);
	assert.deepEqual(cluster.writes, ["apply ConfigMap app-registry", "apply StatefulSet app-registry"]);
	assert.ok(!revision().includes("old-backup"));
	const { problem } = await actuator.ensure(wantedOf(), signal);
	assert.equal(problem?.reason, "Progressing");
});

test("Why a registry cannot begin with an archive is told in the words of its process", async () => {
	const { cluster, actuator } = open();
	const recovery = { archive: { filesystem: { claimName: "old-backup" } } };
	const ensure = () => actuator.ensure(wantedOf({}, {}, recovery), signal);
	await ensure();
	const template = JSON.stringify(specAt(cluster, "StatefulSet", "app-registry").get("template"));
	assert.match(template, /"terminationMessagePolicy":"FallbackToLogsOnError"/);
	const put = (container: object) => {
		const labels = {
			"app.kubernetes.io/name": "limani-registry",
			"app.kubernetes.io/instance": "app",
			"limani.dev/owner-uid": "registry-1",
		};
		cluster.put({
			apiVersion: "v1",
			kind: "Pod",
			metadata: { name: "app-registry-0", namespace: "team-a", labels },
			status: { containerStatuses: [{ ready: false, ...container }] },
		});
	};
	const message = '{"event":"recovery.begun"}\nlimani: there is no archive in this place\n';
	const why = /0 of 1 pods are ready: app-registry-0: it ended: there is no archive in this place$/;
	const object = cluster.at("StatefulSet", "app-registry") ?? assert.fail();
	const { generation: observedGeneration } = object.metadata;
	cluster.put({ ...object, status: { observedGeneration, replicas: 1, readyReplicas: 0, updatedReplicas: 1 } });
	for (const container of [
		{ state: { terminated: { message } } },
		{ state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } }, lastState: { terminated: { message } } },
		{ state: { running: {} }, lastState: { terminated: { message } } },
	]) {
		put(container);
		assert.match((await ensure()).problem?.message ?? "", why);
	}
	put({ state: { running: {} } });
	assert.match((await ensure()).problem?.message ?? "", /0 of 1 pods are ready$/);
	put({ state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } }, lastState: { terminated: {} } });
	assert.match((await ensure()).problem?.message ?? "", /CrashLoopBackOff, back-off$/);
});
