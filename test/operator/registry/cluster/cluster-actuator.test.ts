import assert from "node:assert/strict";
import { randomBytes, X509Certificate } from "node:crypto";
import { suite, test } from "node:test";
import { CachedStore } from "#/kube/cached-store.ts";
import type { ObjectRef } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

const DAY = 86_400_000;
const REGISTRY = { uid: "registry-1", namespace: "team-a", name: "app" };
const { signal } = new AbortController();

const open = (cluster = new FakeCluster()) => {
	const clock = { now: Date.UTC(2026, 10, 22) };
	const store = new CachedStore({ report: (error) => assert.fail(String(error)) });
	const actuator = new ClusterActuator({
		client: cluster,
		image: "registry.example/limani:0.1.0",
		version: "0.1.0",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [store],
		now: () => clock.now,
		randomBytes,
	});
	const ensure = (spec = {}, secrets = {}) => actuator.ensure(wantedOf(spec, secrets), signal);
	return { cluster, actuator, clock, store, ensure };
};

const specAt = (cluster: FakeCluster, kind: string, name: string) => {
	const spec: unknown = cluster.at(kind, name)?.spec;
	assert.ok(typeof spec === "object" && spec !== null);
	return new Map<string, unknown>(Object.entries(spec));
};

const entry = (cluster: FakeCluster, secret: string, name: string): string => {
	const data: unknown = cluster.at("Secret", secret)?.data;
	assert.ok(typeof data === "object" && data !== null);
	return Buffer.from(String(new Map(Object.entries(data)).get(name)), "base64").toString("latin1");
};

/** What the StatefulSet controller would write. */
const runPods = (cluster: FakeCluster, status: { readonly [field: string]: number } = {}): void => {
	const object = cluster.at("StatefulSet", "app-registry");
	assert.ok(object !== undefined);
	const { generation: observedGeneration } = object.metadata;
	const all = { observedGeneration, replicas: 1, readyReplicas: 1, updatedReplicas: 1, ...status };
	cluster.put({ ...object, status: all });
};

const claim = (storage: string, labels: { readonly [label: string]: string }): KubeObject => ({
	apiVersion: "v1",
	kind: "PersistentVolumeClaim",
	metadata: { name: "data-app-registry-0", namespace: "team-a", labels },
	spec: { resources: { requests: { storage } } },
});

const LASTING = {
	"app.kubernetes.io/name": "limani-registry",
	"app.kubernetes.io/instance": "app",
	"app.kubernetes.io/component": "registry",
	"app.kubernetes.io/managed-by": "limani",
};

suite("A registry in a cluster", () => {
	test("is made of its Secrets first and its StatefulSet later, and a second look writes nothing", async () => {
		const { cluster, ensure } = open();
		const state = await ensure();
		assert.deepEqual(cluster.writes, [
			"create Secret app-registry-control",
			"create Secret app-registry-master-key",
			"apply ServiceAccount app-registry",
			"apply ConfigMap app-registry",
			"apply Service app-registry",
			"apply Service app-registry-control",
			"apply Service app-registry-pods",
			"apply NetworkPolicy app-registry",
			"apply StatefulSet app-registry",
		]);
		assert.equal(state.url, "http://app-registry.team-a.svc");
		assert.equal(state.problem?.reason, "Progressing");
		cluster.writes.length = 0;
		await ensure();
		runPods(cluster);
		await ensure();
		assert.deepEqual(cluster.writes, []);
	});

	test("is driven over its control Service once a pod is ready, by the same connection as long as that is good", async () => {
		const { cluster, ensure, actuator } = open();
		assert.equal((await ensure()).control, undefined);
		runPods(cluster);
		const state = await ensure();
		assert.ok(state.control !== undefined);
		assert.deepEqual([state.replicas, state.readyReplicas, state.version, state.problem], [1, 1, "0.1.0", undefined]);
		assert.match(state.selector, /^app\.kubernetes\.io\/instance=app,/);
		assert.equal((await ensure()).control, state.control);
		assert.equal((await actuator.observe(REGISTRY, signal))?.control, state.control);
		cluster.objects.delete("Secret app-registry-control");
		assert.notEqual((await ensure()).control, state.control);
	});

	test("says how many pods are ready, and why the others are not", async () => {
		const { cluster, ensure } = open();
		await ensure();
		runPods(cluster, { readyReplicas: 0 });
		const pod = {
			apiVersion: "v1",
			kind: "Pod",
			metadata: {
				name: "app-registry-0",
				namespace: "team-a",
				labels: { ...LASTING, "limani.dev/owner-uid": "registry-1" },
			},
			status: { containerStatuses: [{ state: { waiting: { reason: "ImagePullBackOff", message: "no such image" } } }] },
		};
		cluster.put(pod);
		const { problem, readyReplicas, control } = await ensure();
		assert.equal(problem?.message, "0 of 1 pods are ready: app-registry-0: ImagePullBackOff, no such image");
		assert.deepEqual([readyReplicas, control], [0, undefined]);
	});

	test("takes no object that stands under one of its names and is another's, and writes nothing at all then", async () => {
		for (const kind of ["Service", "StatefulSet", "ConfigMap"]) {
			const { cluster, ensure } = open();
			await ensure();
			cluster.objects.delete(`${kind} app-registry`);
			cluster.put({ apiVersion: "v1", kind, metadata: { name: "app-registry", namespace: "team-a" }, spec: {} });
			cluster.writes.length = 0;
			const { problem } = await ensure({ replicas: 0 });
			assert.deepEqual(cluster.writes, [], kind);
			assert.equal(problem?.reason, "NotOurs");
			assert.match(problem.message, new RegExp(`${kind} app-registry`));
		}
		for (const name of ["app-registry-control", "app-registry-master-key"]) {
			const { cluster, ensure } = open();
			const foreign = cluster.put({
				apiVersion: "v1",
				kind: "Secret",
				metadata: { name, namespace: "team-a" },
				data: {},
			});
			const { problem } = await ensure();
			assert.equal(problem?.reason, "NotOurs");
			assert.equal(cluster.at("Secret", name), foreign);
			assert.equal(cluster.at("StatefulSet", "app-registry"), undefined);
		}
	});

	test("gets back what was changed or deleted of it, and others keep what they added", async () => {
		const { cluster, ensure } = open();
		await ensure();
		const service = cluster.at("Service", "app-registry");
		assert.ok(service !== undefined);
		cluster.put({ ...service, spec: { ...Object(service.spec), ports: [], externalIPs: ["192.0.2.1"] } });
		cluster.objects.delete("NetworkPolicy app-registry");
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, ["apply Service app-registry", "apply NetworkPolicy app-registry"]);
		assert.deepEqual(specAt(cluster, "Service", "app-registry").get("externalIPs"), ["192.0.2.1"]);
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, []);
	});

	test("loses the fields and the objects that are no longer wanted", async () => {
		const { cluster, ensure } = open();
		const ingress = { ingress: { host: "registry.example", tlsSecretName: "tls" } };
		assert.equal((await ensure({ exposure: ingress, nodeSelector: { disk: "fast" } })).url, "https://registry.example");
		assert.ok(cluster.at("Ingress", "app-registry") !== undefined);
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, [
			"apply ConfigMap app-registry",
			"apply StatefulSet app-registry",
			"delete Ingress app-registry",
		]);
		assert.doesNotMatch(JSON.stringify(cluster.at("StatefulSet", "app-registry")), /nodeSelector/);
	});

	test("starts its pods anew when a Secret that they read changes, and not for a password that they do not", async () => {
		const { cluster, ensure } = open();
		const spec = {
			exposure: { tls: { secretName: "tls" } },
			auth: { users: [{ name: "alice", passwordSecretRef: { name: "alice", key: "password" } }] },
		};
		await ensure(spec, { tls: "7", alice: "1" });
		cluster.writes.length = 0;
		await ensure(spec, { tls: "7", alice: "2" });
		assert.deepEqual(cluster.writes, []);
		await ensure(spec, { tls: "8", alice: "2" });
		assert.deepEqual(cluster.writes, ["apply StatefulSet app-registry"]);
	});

	test("is told of as it is when the API server refuses an object of it", async () => {
		const { cluster, ensure } = open();
		await ensure();
		runPods(cluster);
		cluster.meddle = (write) => {
			if (write.includes("StatefulSet")) throw new KubeError("INVALID", "spec.template: no such thing");
		};
		const state = await ensure({ nodeSelector: { a: "b" } });
		assert.deepEqual([state.readyReplicas, state.problem?.reason, state.problem?.terminal], [1, "InvalidSpec", true]);
		cluster.meddle = () => {
			throw new KubeError("UNAVAILABLE", "later");
		};
		await assert.rejects(ensure({ nodeSelector: { c: "d" } }), { code: "UNAVAILABLE" });
	});
});

suite("The volume of a registry", () => {
	test("grows with the spec, never shrinks, and its StatefulSet stays as it is", async () => {
		const { cluster, ensure } = open();
		await ensure({ storage: { filesystem: { size: "10Gi" } } });
		cluster.put(claim("10Gi", LASTING));
		runPods(cluster);
		cluster.writes.length = 0;
		await ensure({ storage: { filesystem: { size: "20Gi" } } });
		assert.equal(cluster.writes[0], "patch PersistentVolumeClaim data-app-registry-0");
		assert.deepEqual(specAt(cluster, "PersistentVolumeClaim", "data-app-registry-0").get("resources"), {
			requests: { storage: "20Gi" },
		});
		cluster.writes.length = 0;
		runPods(cluster);
		const { problem } = await ensure({ storage: { filesystem: { size: "5Gi" } } });
		assert.deepEqual([problem?.reason, problem?.terminal], ["InvalidSpec", true]);
		assert.match(problem?.message ?? "", /got 5Gi: the volume has 20Gi already, and volumes cannot shrink/);
		assert.ok(!cluster.writes.some((write) => write.startsWith("patch")));
		runPods(cluster);
		assert.equal((await ensure({ storage: { filesystem: { size: "20480Mi" } } })).problem, undefined);
	});

	test("is not taken from somebody who has one of that name", async () => {
		const { cluster, ensure } = open();
		cluster.put(claim("10Gi", { app: "other" }));
		assert.equal((await ensure()).problem?.reason, "NotOurs");
		assert.deepEqual(cluster.writes, []);
	});
});

suite("The Secrets of a registry", () => {
	test("are 256 random bits each, and no other object has any of it", async () => {
		const { cluster, ensure } = open();
		await ensure();
		const token = entry(cluster, "app-registry-control", "token");
		const masterKey = entry(cluster, "app-registry-master-key", "master.key");
		assert.equal(Buffer.from(token, "base64url").byteLength, 32);
		assert.equal(Buffer.from(masterKey, "latin1").byteLength, 32);
		const others = [...cluster.objects.values()].filter(({ kind }) => kind !== "Secret");
		const text = JSON.stringify(others);
		for (const secret of [token, masterKey, entry(cluster, "app-registry-control", "tls.key")]) {
			for (const form of ["latin1", "base64"] as const) {
				assert.ok(!text.includes(Buffer.from(secret, "latin1").toString(form)));
			}
		}
	});

	test("have a certificate for the control Service, renewed after two thirds of its life, the former one still trusted", async () => {
		const { cluster, ensure, clock } = open();
		await ensure();
		const read = (name: string) => entry(cluster, "app-registry-control", name);
		const [token, cert] = [read("token"), read("tls.crt")];
		const certificate = new X509Certificate(cert);
		assert.equal(certificate.checkHost("app-registry-control.team-a.svc"), "app-registry-control.team-a.svc");
		clock.now += 240 * DAY;
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, []);
		clock.now += 10 * DAY;
		await ensure();
		assert.deepEqual(cluster.writes, ["replace Secret app-registry-control", "apply StatefulSet app-registry"]);
		assert.notEqual(read("tls.crt"), cert);
		assert.equal(read("token"), token);
		const trusted = read("ca.crt").match(/-----BEGIN[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
		assert.equal(trusted.length, 2);
		for (const one of [certificate, new X509Certificate(read("tls.crt"))]) {
			assert.ok(trusted.some((pem) => one.verify(new X509Certificate(pem).publicKey)));
		}
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, []);
	});

	test("are made good where somebody spoilt them", async () => {
		const { cluster, ensure } = open();
		await ensure();
		const secret = cluster.at("Secret", "app-registry-control");
		assert.ok(secret !== undefined);
		for (const name of ["token", "tls.crt", "tls.key", "ca.crt"]) {
			cluster.put({ ...secret, data: { ...Object(secret.data), [name]: Buffer.from("x").toString("base64") } });
			cluster.writes.length = 0;
			await ensure();
			assert.equal(cluster.writes[0], "replace Secret app-registry-control", name);
			cluster.writes.length = 0;
			await ensure();
			assert.deepEqual(cluster.writes, [], name);
		}
	});

	test("never have another master key while there is something that the former one may have sealed", async () => {
		const { cluster, ensure } = open();
		await ensure();
		runPods(cluster);
		const key = cluster.at("Secret", "app-registry-master-key");
		assert.ok(key !== undefined);
		cluster.objects.delete("Secret app-registry-master-key");
		cluster.writes.length = 0;
		const state = await ensure();
		assert.match(state.problem?.message ?? "", /app-registry-master-key is gone/);
		assert.ok(state.control !== undefined, "what runs goes on");
		assert.deepEqual(cluster.writes, []);
		cluster.put(key);
		assert.equal((await ensure()).problem?.reason, "Progressing");
	});
});

suite("A registry that goes", () => {
	const kinds = (cluster: FakeCluster) => [...cluster.objects.keys()].toSorted();

	test("leaves its volume and its master key, which one of the same name takes over", async () => {
		const { cluster, ensure, actuator } = open();
		await ensure();
		cluster.put(claim("10Gi", LASTING));
		const key = entry(cluster, "app-registry-master-key", "master.key");
		await actuator.remove(REGISTRY, "Retain", signal);
		const kept = ["PersistentVolumeClaim data-app-registry-0", "Secret app-registry-master-key"];
		assert.deepEqual(kinds(cluster), kept);
		await actuator.remove(REGISTRY, "Retain", signal);
		const again = { ...wantedOf(), uid: "registry-2" };
		assert.equal((await actuator.ensure(again, signal)).problem?.reason, "Progressing");
		assert.equal(entry(cluster, "app-registry-master-key", "master.key"), key);
	});

	test("takes its data along when it is to, and nothing of others", async () => {
		const { cluster, ensure, actuator } = open();
		await ensure();
		cluster.put(claim("10Gi", LASTING));
		cluster.put({
			apiVersion: "v1",
			kind: "Service",
			metadata: { name: "other", namespace: "team-a", labels: { "app.kubernetes.io/managed-by": "limani" } },
		});
		await actuator.remove(REGISTRY, "Delete", signal);
		assert.deepEqual(kinds(cluster), ["Service other"]);
		cluster.put(claim("10Gi", { app: "other" }));
		await actuator.remove(REGISTRY, "Delete", signal);
		assert.deepEqual(kinds(cluster), ["PersistentVolumeClaim data-app-registry-0", "Service other"]);
	});
});

/** A cluster in which the operator may have no Secrets. */
class WithoutSecrets extends FakeCluster {
	override async find(type: ResourceType, ref: ObjectRef): Promise<KubeObject | undefined> {
		if (type.kind === "Secret") throw new KubeError("FORBIDDEN", `secrets "${ref.name}" is forbidden`);
		return super.find(type, ref);
	}
}

test("Where Secrets are forbidden nothing is made, it is said, and the Registry can go", async () => {
	const { cluster, ensure, actuator } = open(new WithoutSecrets());
	const { problem } = await ensure();
	assert.deepEqual(problem, {
		reason: "Failed",
		message: 'secrets "app-registry-control" is forbidden',
		terminal: false,
	});
	assert.deepEqual([...cluster.objects.keys()], []);
	await actuator.remove(REGISTRY, "Retain", signal);
	// That there is no master key cannot be known.
	await assert.rejects(actuator.remove(REGISTRY, "Delete", signal), { code: "FORBIDDEN" });
});

test("A change of what was made for a Registry wakes just that one", async () => {
	const { cluster, ensure, actuator, store } = open();
	await ensure();
	const woken: string[] = [];
	using _subscription = actuator.subscribe((key) => woken.push(key));
	const object = cluster.at("StatefulSet", "app-registry");
	assert.ok(object !== undefined);
	store.put(object);
	store.remove(object);
	store.put({ ...object, metadata: { ...object.metadata, labels: {} } });
	assert.deepEqual(woken, ["team-a/app", "team-a/app"]);
});
