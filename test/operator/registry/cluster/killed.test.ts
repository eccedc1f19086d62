import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { CachedStore } from "#/kube/cached-store.ts";
import { ClusterActuator } from "#/operator/registry/cluster/cluster-actuator.ts";
import { FakeCluster } from "./fake-cluster.ts";
import { wantedOf } from "./wanted.ts";

const REGISTRY = { uid: "registry-1", namespace: "team-a", name: "app" };
const { signal } = new AbortController();

/** One that knows nothing but what stands in the cluster. */
const actuatorOf = (client: FakeCluster): ClusterActuator =>
	new ClusterActuator({
		client,
		image: "registry.example/limani:0.1.0",
		version: "0.1.0",
		operator: { namespace: "limani", labels: { app: "limani-operator" } },
		made: [new CachedStore({ report: (error) => assert.fail(String(error)) })],
		now: () => Date.UTC(2026, 10, 22),
		randomBytes,
	});

/** What stands there, but for what is random. */
const standing = (cluster: FakeCluster): readonly string[] =>
	[...cluster.objects.values()]
		.map(({ kind, metadata, spec }) =>
			JSON.stringify([kind, metadata.name, metadata.ownerReferences, kind === "StatefulSet" ? undefined : spec]),
		)
		.toSorted();

const SPECS = [{}, { exposure: { ingress: { host: "registry.example" } } }, { nodeSelector: { disk: "fast" } }];

/** Makes a registry, changes it twice and takes it away, killed before the given one of its writes. */
const live = async (crashAt: number) => {
	const cluster = new FakeCluster();
	let writes = 0;
	let isKilled = false;
	cluster.meddle = () => {
		if (writes++ !== crashAt) return;
		isKilled = true;
		throw new Error("killed");
	};
	const stages: (readonly string[])[] = [];
	let actuator = actuatorOf(cluster);
	const stage = async (act: () => Promise<unknown>) => {
		await act().catch((error: unknown) => {
			if (!isKilled) throw error;
		});
		if (isKilled) {
			isKilled = false;
			actuator = actuatorOf(cluster);
			await act();
		}
		stages.push(standing(cluster));
	};
	for (const spec of SPECS) await stage(() => actuator.ensure(wantedOf(spec), signal));
	const masterKey = JSON.stringify(cluster.at("Secret", "app-registry-master-key")?.data);
	await stage(() => actuator.remove(REGISTRY, "Retain", signal));
	assert.equal(JSON.stringify(cluster.at("Secret", "app-registry-master-key")?.data), masterKey);
	return { writes, stages };
};

test("killed after any one of its writes, a registry comes to the same", async () => {
	const undisturbed = await live(-1);
	assert.ok(undisturbed.writes > 15, `${undisturbed.writes} writes`);
	for (let crashAt = 0; crashAt < undisturbed.writes; crashAt++) {
		const { stages } = await live(crashAt);
		assert.deepEqual(stages, undisturbed.stages, `killed before write ${crashAt}`);
	}
});
