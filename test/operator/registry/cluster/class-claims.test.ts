import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { suite, test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { CachedStore } from "#/kube/cached-store.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

const { signal } = new AbortController();
const REGISTRY = { uid: "registry-1", namespace: "team-a", name: "app" };
const NAME = "app-registry";
const CLAIM = "app-class-own";
const LABELS = {
	"app.kubernetes.io/name": "limani-registry",
	"app.kubernetes.io/instance": "app",
	"app.kubernetes.io/component": "registry",
	"app.kubernetes.io/managed-by": "limani",
};

/** Shared by all pods but for its classes: without them it is a Deployment. */
const SHARED = {
	storage: { s3: { bucket: "images" } },
	database: { postgres: { urlSecretRef: { name: "database", key: "url" } } },
};
const withClass = (filesystem: object = { storageClassName: "fast" }) => ({
	...SHARED,
	storageClasses: [{ name: "own", filesystem }],
});

const storageClass = (name: string, volumeBindingMode: string): KubeObject => ({
	apiVersion: "storage.k8s.io/v1",
	kind: "StorageClass",
	metadata: { name },
	volumeBindingMode,
});

const podSchema = z.object({
	template: z.object({
		spec: z.object({
			securityContext: z.object({ fsGroup: z.int() }),
			volumes: z.array(
				z.object({ name: z.string(), persistentVolumeClaim: z.record(z.string(), z.unknown()).optional() }),
			),
			containers: z.array(
				z.object({
					securityContext: z.object({ readOnlyRootFilesystem: z.boolean() }),
					volumeMounts: z.array(
						z.object({ name: z.string(), mountPath: z.string(), readOnly: z.boolean().optional() }),
					),
				}),
			),
		}),
	}),
});

const storesSchema = z.object({
	stores: z.record(z.string(), z.object({ filesystem: z.object({ root: z.string() }).optional() })),
});

type Fields = { readonly [field: string]: unknown };

const open = (cluster = new FakeCluster()) => {
	cluster.put(storageClass("fast", "WaitForFirstConsumer"));
	cluster.put(storageClass("now", "Immediate"));
	const actuator = new ClusterActuator({
		client: cluster,
		image: "registry.example/limani:0.1.0",
		version: "0.1.0",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [new CachedStore({ report: (error) => assert.fail(String(error)) })],
		now: Date.now,
		randomBytes,
	});
	/** Claims that pods have, of any class. */
	const mounted = (): readonly string[] => {
		const [set] = ["StatefulSet", "Deployment"].flatMap((kind) => cluster.at(kind, NAME) ?? []);
		return [...JSON.stringify(set?.spec ?? assert.fail()).matchAll(/"claimName":"([^"]*)"/g)].map(
			([, name = ""]) => name,
		);
	};
	/** What the StatefulSet controller would write. */
	const runPods = (readyReplicas = 1): void => {
		const set = cluster.at("StatefulSet", NAME) ?? assert.fail();
		const { generation: observedGeneration } = set.metadata;
		cluster.put({ ...set, status: { observedGeneration, replicas: 1, readyReplicas, updatedReplicas: 1 } });
	};
	/** What another would make of the claim. */
	const turn = (change: { readonly metadata?: Fields; readonly spec?: Fields; readonly status?: Fields }): void => {
		const claim = cluster.at("PersistentVolumeClaim", CLAIM) ?? assert.fail();
		const spec = typeof claim.spec === "object" ? { ...claim.spec, ...change.spec } : change.spec;
		const metadata = { ...claim.metadata, ...change.metadata };
		cluster.put({ ...claim, metadata, spec, status: change.status ?? claim.status });
	};
	const ensure = (spec: Fields = withClass(), used: readonly string[] = []) =>
		actuator.ensure({ ...wantedOf(spec), usedClasses: new Set(used) }, signal);
	/** As one that runs with its volume. */
	const running = async () => {
		await ensure();
		turn({ status: { phase: "Bound" } });
		await ensure();
		runPods();
		assert.equal((await ensure()).problem, undefined);
		assert.deepEqual(mounted(), [CLAIM]);
		cluster.writes.length = 0;
	};
	return { cluster, actuator, ensure, mounted, runPods, turn, running };
};

suite("The volume of a storage class", () => {
	test("is made for it alone, mounted by the one pod that ends before the next, and stays as it is", async () => {
		const { cluster, ensure, mounted, runPods, turn } = open();
		await ensure();
		const claim = cluster.at("PersistentVolumeClaim", CLAIM) ?? assert.fail();
		assert.deepEqual(claim.metadata.labels, { ...LABELS, "limani.dev/storage-class": "own" });
		assert.equal(claim.metadata.ownerReferences, undefined);
		assert.deepEqual(claim.spec, {
			accessModes: ["ReadWriteOncePod"],
			storageClassName: "fast",
			resources: { requests: { storage: "10Gi" } },
		});
		assert.equal(cluster.at("Deployment", NAME), undefined);
		// Its StorageClass waits for a pod, so a pod comes.
		assert.deepEqual(mounted(), [CLAIM]);
		turn({ status: { phase: "Bound" } });
		runPods();
		assert.equal((await ensure()).problem, undefined);
		cluster.writes.length = 0;
		await ensure();
		assert.deepEqual(cluster.writes, []);
	});

	test("has its store below its mount, where one that is away has nothing that could be written to", async () => {
		const { cluster, ensure, turn } = open();
		const more = [{ name: "away", filesystem: { storageClassName: "now" } }];
		const spec = { ...withClass(), storageClasses: [...more, ...withClass().storageClasses] };
		await ensure(spec);
		turn({ status: { phase: "Bound" } });
		await ensure(spec);
		const pod = podSchema.parse(cluster.at("StatefulSet", NAME)?.spec).template.spec;
		assert.equal(pod.securityContext.fsGroup, 65_532);
		const [container] = pod.containers;
		assert.equal(container?.securityContext.readOnlyRootFilesystem, true);
		const map: unknown = cluster.at("ConfigMap", NAME)?.data;
		const { stores } = storesSchema.parse(parse(Object.values(map ?? {}).join("")));
		const mountsAt = (name: string) => {
			const root = stores[name]?.filesystem?.root ?? assert.fail(name);
			return container?.volumeMounts.filter(({ mountPath }) => root.startsWith(`${mountPath}/`));
		};
		const [mount, ...others] = mountsAt("own") ?? [];
		assert.deepEqual(others, []);
		assert.equal(mount?.readOnly, undefined);
		const volume = pod.volumes.find(({ name }) => name === mount?.name);
		assert.deepEqual(volume?.persistentVolumeClaim, { claimName: CLAIM });
		assert.deepEqual(mountsAt("away"), []);
	});

	test("is one pod's also while it is away, and a Registry without one is replaced as ever", async () => {
		const { cluster, ensure, runPods } = open();
		const away = withClass({ storageClassName: "no-such" });
		await ensure(away);
		assert.equal(cluster.at("Deployment", NAME), undefined);
		runPods();
		await ensure(SHARED);
		assert.ok(cluster.at("Deployment", NAME) !== undefined);
	});

	test("is not mounted before it is there where no pod is waited for, and nobody else waits", async () => {
		for (const [filesystem, words] of [
			[{ storageClassName: "now" }, /app-class-own has no volume yet: the StorageClass now/],
			[{ storageClassName: "no-such" }, /app-class-own has no volume: there is no StorageClass no-such/],
			[{}, /app-class-own has no volume: it names no StorageClass/],
		] as const) {
			const { ensure, mounted, runPods, turn } = open();
			await ensure(withClass(filesystem));
			assert.deepEqual(mounted(), []);
			runPods();
			const { problem, readyReplicas, control } = await ensure(withClass(filesystem));
			assert.equal(problem?.reason, "StorageUnavailable");
			assert.match(problem?.message ?? "", words);
			assert.match(problem?.message ?? "", /^spec\.storageClasses\[own\]\.filesystem: /);
			assert.equal(problem?.terminal, false);
			assert.equal(readyReplicas, 1);
			assert.ok(control !== undefined);
			turn({ status: { phase: "Bound" } });
			await ensure(withClass(filesystem));
			assert.deepEqual(mounted(), [CLAIM]);
		}
	});

	test("is mounted as soon as it is asked for where StorageClasses may not be read", async () => {
		const cluster = new (class extends FakeCluster {
			override async find(...[type, ref]: Parameters<FakeCluster["find"]>) {
				if (type.kind === "StorageClass") throw new KubeError("FORBIDDEN", "no");
				return super.find(type, ref);
			}
		})();
		const { ensure, mounted } = open(cluster);
		await ensure();
		assert.deepEqual(mounted(), [CLAIM]);
	});

	test("that cannot be made hurts nobody else", async () => {
		const { cluster, ensure, mounted } = open();
		cluster.meddle = (write) => {
			if (write === `create PersistentVolumeClaim ${CLAIM}`) throw new KubeError("FORBIDDEN", "exceeded quota");
		};
		const { problem } = await ensure();
		assert.match(problem?.message ?? "", /spec\.storageClasses\[own\]\.filesystem: exceeded quota/);
		assert.deepEqual(mounted(), []);
	});

	test("that is gone with what projects have is not made anew, and is mounted when it is restored", async () => {
		const { cluster, ensure, mounted, running } = open();
		await running();
		const lost = cluster.at("PersistentVolumeClaim", CLAIM) ?? assert.fail();
		cluster.objects.delete(`PersistentVolumeClaim ${CLAIM}`);
		const { problem } = await ensure(withClass(), ["default", "own"]);
		assert.match(problem?.message ?? "", /app-class-own is gone, .* restore it with .*limani\.dev\/storage-class=own/);
		assert.deepEqual(mounted(), []);
		await ensure(withClass(), ["default", "own"]);
		assert.deepEqual(cluster.writes, [`apply StatefulSet ${NAME}`]);
		cluster.put(lost);
		await ensure(withClass(), ["default", "own"]);
		assert.deepEqual(mounted(), [CLAIM]);
	});

	test("that is gone and was used by nobody is made anew", async () => {
		const { cluster, ensure, running } = open();
		await running();
		cluster.objects.delete(`PersistentVolumeClaim ${CLAIM}`);
		await ensure(withClass(), ["default"]);
		assert.ok(cluster.at("PersistentVolumeClaim", CLAIM) !== undefined);
	});

	test("that is being deleted is not taken from the pod that has it, and given to none that has not", async () => {
		const first = open();
		await first.running();
		first.turn({ metadata: { deletionTimestamp: "2026-11-22T00:00:00Z" } });
		const { problem } = await first.ensure();
		assert.match(problem?.message ?? "", /is being deleted, and goes with what is in it/);
		assert.deepEqual(first.mounted(), [CLAIM]);
		assert.deepEqual(first.cluster.writes, []);
		const other = open();
		await other.ensure(withClass({ storageClassName: "now" }));
		other.turn({ metadata: { deletionTimestamp: "2026-11-22T00:00:00Z" }, status: { phase: "Bound" } });
		assert.match((await other.ensure()).problem?.message ?? "", /is being deleted$/);
		assert.deepEqual(other.mounted(), []);
	});

	test("that is lost stays with who serves, and keeps nobody from beginning", async () => {
		const { ensure, mounted, running, runPods, turn } = open();
		await running();
		turn({ status: { phase: "Lost" } });
		assert.match((await ensure()).problem?.message ?? "", /has lost its volume/);
		assert.deepEqual(mounted(), [CLAIM]);
		runPods(0);
		await ensure();
		assert.deepEqual(mounted(), []);
	});

	test("of another's is left alone", async () => {
		for (const labels of [{}, { ...LABELS, "limani.dev/storage-class": "another" }, LABELS]) {
			const { cluster, ensure, mounted } = open();
			cluster.put({
				apiVersion: "v1",
				kind: "PersistentVolumeClaim",
				metadata: { name: CLAIM, namespace: "team-a", labels },
				spec: { resources: { requests: { storage: "1Gi" } } },
				status: { phase: "Bound" },
			});
			const { problem } = await ensure();
			assert.equal(problem?.reason, "NotOurs");
			assert.deepEqual(mounted(), []);
			assert.ok(!cluster.writes.some((write) => write.includes("PersistentVolumeClaim")));
		}
	});

	test("grows, says that it cannot shrink, and is mounted though it cannot grow", async () => {
		const { cluster, ensure, mounted, running } = open();
		await running();
		assert.equal((await ensure(withClass({ size: "20Gi", storageClassName: "fast" }))).problem, undefined);
		const requests = JSON.stringify(cluster.at("PersistentVolumeClaim", CLAIM)?.spec);
		assert.match(requests, /"storage":"20Gi"/);
		const { problem } = await ensure(withClass({ size: "5Gi", storageClassName: "fast" }));
		assert.match(problem?.message ?? "", /spec\.storageClasses\[own\]\.filesystem\.size: got 5Gi.*cannot shrink/);
		cluster.meddle = (write) => {
			if (write.startsWith("patch"))
				throw new KubeError("FORBIDDEN", "only dynamically provisioned pvc can be resized");
		};
		const refused = await ensure(withClass({ size: "30Gi", storageClassName: "fast" }));
		assert.match(refused.problem?.message ?? "", /only dynamically provisioned/);
		assert.deepEqual(mounted(), [CLAIM]);
	});

	test("goes with a Registry that says so, whether or not its class is still named, and nothing else does", async () => {
		for (const data of ["Retain", "Delete"] as const) {
			const { cluster, actuator, ensure, running } = open();
			await running();
			await ensure({ ...SHARED, backup: { archive: { filesystem: {} } } });
			cluster.put({ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name: "mine", namespace: "team-a" } });
			await actuator.remove(REGISTRY, data, signal);
			assert.equal(cluster.at("PersistentVolumeClaim", CLAIM) === undefined, data === "Delete");
			assert.ok(cluster.at("PersistentVolumeClaim", "app-backup") !== undefined);
			assert.ok(cluster.at("PersistentVolumeClaim", "mine") !== undefined);
		}
	});
});
