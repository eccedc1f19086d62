import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import { eventually } from "../../support/eventually.ts";
import { type KubeBench, openKubeBench } from "../../support/kube-bench.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { unservedKinds } from "../../support/unserved-kinds.ts";

/** How long the controller may take, which looks every 15 seconds, milliseconds. */
const PATIENCE_MS = 120_000;

const registry = {
	apiVersion: "limani.dev/v1alpha1",
	kind: "Registry",
	metadata: { name: "shared" },
	spec: {
		storage: { s3: { bucket: "images" } },
		database: { postgres: { urlSecretRef: { name: "database", key: "url" } } },
	},
};

const autoscaler = (minReplicas: number, maxReplicas: number) => ({
	apiVersion: "autoscaling/v2",
	kind: "HorizontalPodAutoscaler",
	metadata: { name: "shared" },
	spec: {
		scaleTargetRef: { apiVersion: registry.apiVersion, kind: registry.kind, name: registry.metadata.name },
		minReplicas,
		maxReplicas,
		metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } } }],
	},
});

describe("A HorizontalPodAutoscaler over a Registry, on a real API server", { skip: skipWithoutKube() }, () => {
	let bench: KubeBench;
	before(async () => {
		bench = await openKubeBench({ controllers: true });
		await applyDefinitions(bench.client, AbortSignal.timeout(60_000));
		await eventually(async () => assert.deepEqual(await unservedKinds(bench.client), []));
	});
	after(() => bench[Symbol.asyncDispose]());

	const apply = async (object: object) =>
		await bench.kubectl("apply", "--warnings-as-errors", "-f", bench.write("object.json", JSON.stringify(object)));
	const replicas = async () => await bench.kubectl("get", "registry", "shared", "-o", "jsonpath={.spec.replicas}");

	// What load asks for needs a metrics server; the bounds are kept without one.
	it("keeps the number of replicas between its bounds", async () => {
		await apply(registry);
		await apply(autoscaler(2, 4));
		await eventually(async () => assert.equal(await replicas(), "2"), PATIENCE_MS);
		await bench.kubectl("scale", "registry/shared", "--replicas=9");
		await eventually(async () => assert.equal(await replicas(), "4"), PATIENCE_MS);
		const path = 'jsonpath={.status.conditions[?(@.type=="AbleToScale")].status}';
		assert.equal(await bench.kubectl("get", "hpa", "shared", "-o", path), "True");
	});

	it("is told by the rules of a Registry where it may have one replica alone", async () => {
		const single = { ...registry, metadata: { name: "single" }, spec: {} };
		await apply(single);
		const target = {
			...autoscaler(2, 4).spec,
			scaleTargetRef: { ...autoscaler(2, 4).spec.scaleTargetRef, name: "single" },
		};
		await apply({ ...autoscaler(2, 4), metadata: { name: "single" }, spec: target });
		await eventually(async () => {
			const events = await bench.kubectl("get", "events", "-o", "jsonpath={.items[*].message}");
			assert.match(events, /more than one replica needs database\.postgres \(or cloudNativePG\) and object storage/);
		}, PATIENCE_MS);
		assert.equal(await bench.kubectl("get", "registry", "single", "-o", "jsonpath={.spec.replicas}"), "1");
	});
});
