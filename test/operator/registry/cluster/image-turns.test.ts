import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CachedStore } from "#/kube/cached-store.ts";
import { fieldAt, listAt, textAt } from "#/kube-embedded/json.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

type Fields = { readonly [field: string]: unknown };

const { signal } = new AbortController();
const NAMES = ["a", "b", "c"];
const OLD = "registry.example/limani:1";
const NEW = "registry.example/limani:2";

const open = () => {
	const cluster = new FakeCluster();
	const clock = { now: Date.UTC(2026, 10, 22) };
	const woken: string[] = [];
	const actuatorOf = (image: string) => {
		// What was there when it started; changes are told otherwise here.
		const made = new CachedStore({ report: (error) => assert.fail(String(error)) });
		for (const name of NAMES) {
			const present = cluster.at("StatefulSet", `${name}-registry`);
			if (present !== undefined) made.put(present);
		}
		const actuator = new ClusterActuator({
			client: cluster,
			image,
			version: "1",
			operator: { namespace: "limani", labels: { app: "limani-operator" } },
			made: [made],
			now: () => clock.now,
			randomBytes,
		});
		actuator.subscribe((key) => void woken.push(key));
		const wantedAs = (name: string, spec: Fields) => ({ ...wantedOf(spec), uid: `registry-${name}`, name });
		return {
			actuator,
			ensure: (name: string, spec: Fields = {}) => actuator.ensure(wantedAs(name, spec), signal),
		};
	};
	/** What the StatefulSet controller would write. */
	const runPods = (name: string, readyReplicas = 1) => {
		const object = cluster.at("StatefulSet", `${name}-registry`) ?? assert.fail();
		const { generation: observedGeneration } = object.metadata;
		cluster.put({
			...object,
			status: { observedGeneration, replicas: 1, readyReplicas, updatedReplicas: readyReplicas },
		});
	};
	const images = () =>
		NAMES.map((name) => {
			const pod = fieldAt(cluster.at("StatefulSet", `${name}-registry`), ["spec", "template", "spec"]);
			return textAt(listAt(pod, "containers")[0], "image");
		});
	const old = actuatorOf(OLD);
	const begin = async () => {
		for (const name of NAMES) {
			await old.ensure(name);
			runPods(name);
			await old.ensure(name);
		}
	};
	return { cluster, clock, woken, actuatorOf, runPods, images, begin };
};

test("a new operator gives registries its image one after the other, each once the one before is well", async () => {
	const { actuatorOf, runPods, images, begin, woken } = open();
	await begin();
	assert.deepEqual(images(), [OLD, OLD, OLD]);
	const { ensure } = actuatorOf(NEW);
	for (const name of NAMES) await ensure(name);
	assert.deepEqual(images(), [NEW, OLD, OLD]);
	runPods("a", 0);
	for (const name of NAMES) assert.equal((await ensure(name)).problem === undefined, name !== "a", name);
	assert.deepEqual(images(), [NEW, OLD, OLD], "those that wait serve on, and are as wanted");
	woken.length = 0;
	runPods("a");
	await ensure("a");
	assert.deepEqual(woken, ["team-a/b"], "the next one is looked at");
	for (const name of ["b", "c"]) await ensure(name);
	assert.deepEqual(images(), [NEW, NEW, OLD]);
	runPods("b");
	for (const name of ["b", "c"]) await ensure(name);
	assert.deepEqual(images(), [NEW, NEW, NEW]);
});

test("another operator of the same image goes on with the turn that the one before had given", async () => {
	const { actuatorOf, runPods, images, begin, clock } = open();
	await begin();
	await actuatorOf(NEW).ensure("b");
	runPods("b", 0);
	const { ensure } = actuatorOf(NEW);
	for (const name of NAMES) await ensure(name);
	assert.deepEqual(images(), [OLD, NEW, OLD]);
	runPods("b");
	for (const name of ["b", "c", "a"]) await ensure(name);
	assert.deepEqual(images(), [OLD, NEW, NEW], "it is well: the next one");
	runPods("c", 0);
	const third = actuatorOf(NEW);
	await third.ensure("a");
	clock.now += 900_000;
	await third.ensure("a");
	assert.deepEqual(images(), [NEW, NEW, NEW], "it had its time");
});

test("the way back to the former operator is the same", async () => {
	const { actuatorOf, runPods, images, begin } = open();
	await begin();
	const next = actuatorOf(NEW);
	await next.ensure("a");
	runPods("a");
	const back = actuatorOf(OLD);
	for (const name of NAMES) await back.ensure(name);
	assert.deepEqual(images(), [OLD, OLD, OLD]);
});

test("a registry that does not come back, goes, or serves nobody keeps the others waiting no longer than it may", async () => {
	const { actuatorOf, runPods, images, begin, clock } = open();
	await begin();
	const { ensure, actuator } = actuatorOf(NEW);
	await ensure("a");
	runPods("a", 0);
	clock.now += 899_000;
	await ensure("b");
	assert.deepEqual(images(), [NEW, OLD, OLD]);
	clock.now += 1_000;
	await ensure("b");
	assert.deepEqual(images(), [NEW, NEW, OLD]);
	runPods("b", 0);
	await ensure("c");
	assert.deepEqual(images(), [NEW, NEW, OLD]);
	await actuator.remove({ uid: "registry-b", namespace: "team-a", name: "b" }, "Retain", signal);
	await ensure("c");
	assert.equal(images()[2], NEW);
});

test("a registry that names its image, and one of which no pod is ready, wait for nobody", async () => {
	const { actuatorOf, runPods, images, begin } = open();
	await begin();
	const { ensure } = actuatorOf(NEW);
	await ensure("a");
	await ensure("b", { image: "registry.example/limani:own" });
	runPods("c", 0);
	await ensure("c");
	assert.deepEqual(images(), [NEW, "registry.example/limani:own", NEW]);
});
