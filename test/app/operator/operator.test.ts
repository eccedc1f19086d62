import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryKind } from "#/api/kinds/registry.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { LEASES, SECRETS, SERVICES, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { conditionsOf } from "#/kube/status/condition.ts";
import { lintStatus } from "../../support/status-lint.ts";
import { OPTS, openCluster } from "./cluster.ts";

const { signal } = new AbortController();
/** How long the lease of a process that does not give it back lasts, as the operator asks for it. */
const LEASE_MS = 15_000;

const isThere = (object: KubeObject | undefined): boolean => object !== undefined;
const readyOf = (object: KubeObject | undefined) =>
	object === undefined ? undefined : conditionsOf(object).find(({ type }) => type === "Ready");

suite("The operator in a cluster", () => {
	test("makes what a Registry asks for, says how it is, repairs it and takes it away", async () => {
		await using stack = new AsyncDisposableStack();
		const { client, start, until, create } = await openCluster(stack);
		const { ask, lines } = await start("pod-1");
		await create("team-a", "app");
		const set = (await until(STATEFUL_SETS, "app-registry", isThere)) ?? assert.fail();
		// As its controller would, of which there is none here.
		const runPods = (readyReplicas: number) => {
			const { generation: observedGeneration } = set.metadata;
			const status = { observedGeneration, replicas: 1, readyReplicas, updatedReplicas: 1 };
			const patch = { kind: "merge", body: { status } } as const;
			const ref = { namespace: "team-a", name: "app-registry" };
			return client.patch(STATEFUL_SETS, ref, patch, { subresource: "status" }, signal);
		};
		await runPods(0);
		const waiting = await until(registryKind, "app", (found) => readyOf(found)?.message === "0 of 1 pods are ready");
		assert.deepEqual(lintStatus(waiting ?? assert.fail(), { stage: "underway" }).failures, []);
		const reconciles = () => lines.map((line) => JSON.parse(line)).filter(({ message }) => message === "reconcile");
		const patches = async () => {
			const series = (await (await ask("/metrics")).text()).matchAll(
				/_requests_total\{[^}]*method="PATCH"[^}]*\} (\d+)/g,
			);
			return series.reduce((sum, [, count]) => sum + Number(count), 0);
		};
		// Another's annotation makes it look, and it finds all as it made it.
		const touch = async (value: string) => {
			const before = reconciles().length;
			const body = { metadata: { annotations: { "example.com/touched": value } } };
			const ref = { namespace: "team-a", name: "app-registry" };
			await client.patch(STATEFUL_SETS, ref, { kind: "merge", body }, OPTS, signal);
			while (reconciles().length === before) await sleep(20);
		};
		await touch("once");
		const settled = await patches();
		await touch("twice");
		await touch("again");
		assert.ok(settled > 0);
		assert.equal(await patches(), settled, "an idle look writes nothing");
		await client.delete(SERVICES, { namespace: "team-a", name: "app-registry" }, {}, signal);
		await until(SERVICES, "app-registry", isThere);
		await runPods(1);
		// A pod that is ready and cannot be spoken to, as there is none behind the Service.
		const mute = await until(registryKind, "app", (found) => readyOf(found)?.reason === "NotServing");
		assert.match(JSON.stringify(mute?.status), /"readyReplicas":1/);
		await client.delete(registryKind, { namespace: "team-a", name: "app" }, {}, signal);
		await until(registryKind, "app", (found) => found === undefined);
		await until(STATEFUL_SETS, "app-registry", (found) => found === undefined);
		await until(SECRETS, "app-registry-control", (found) => found === undefined);
		assert.ok(isThere(await until(SECRETS, "app-registry-master-key", isThere)));
		assert.equal((await ask("/livez")).status, 200);
		assert.equal((await ask("/readyz")).status, 200);
		const metrics = await (await ask("/metrics")).text();
		assert.match(metrics, /^controller_runtime_reconcile_total\{controller="registry",result="success"\} [1-9]/m);
		assert.match(metrics, /^rest_client_requests_total\{code="201",method="POST",host="[^"]+"\} [1-9]/m);
		assert.match(metrics, /^leader_election_master_status\{name="limani-operator"\} 1$/m);
		for (const line of reconciles()) {
			assert.deepEqual(
				[line.controller, typeof line.reconcileID, typeof line.durationMs],
				["registry", "string", "number"],
			);
		}
	});

	test("works in one process of two, and the other goes on when the first one ends, before its lease would have run out", async (test) => {
		await using stack = new AsyncDisposableStack();
		const { client, start, until, create } = await openCluster(stack);
		const first = await start("pod-1");
		await until(LEASES, "limani-operator", () => true);
		const holder = async () => {
			const lease = await client.find(LEASES, { namespace: "default", name: "limani-operator" }, signal);
			return String(Object(lease?.spec).holderIdentity ?? "").split("_")[0];
		};
		while ((await holder()) !== "pod-1") await sleep(20);
		const second = await start("pod-2");
		await create("team-a", "one");
		await until(STATEFUL_SETS, "one-registry", isThere);
		assert.equal(second.lines.filter((line) => line.includes('"reconcile"')).length, 0);
		const ready = async () => (await second.ask("/readyz")).status;
		while ((await ready()) !== 200) await sleep(20);
		const stopped = performance.now();
		await first.operator[Symbol.asyncDispose]();
		await create("team-a", "two");
		await until(STATEFUL_SETS, "two-registry", isThere);
		const ms = performance.now() - stopped;
		test.diagnostic(`the other one went on after ${Math.round(ms)} ms`);
		assert.ok(ms < LEASE_MS, `it took ${ms} ms`);
		assert.equal(await holder(), "pod-2");
		const before = first.lines.length;
		await sleep(200);
		assert.equal(first.lines.length, before, "the first one is silent");
	});

	test("looks after the namespaces that it is told to, and no others", async () => {
		await using stack = new AsyncDisposableStack();
		const { client, start, until, create } = await openCluster(stack);
		const { ask } = await start("pod-1", ["team-a", "default"]);
		await create("team-b", "other");
		await create("team-a", "app");
		await until(STATEFUL_SETS, "app-registry", isThere);
		assert.equal((await ask("/readyz")).status, 200);
		const ref = { namespace: "team-b", name: "other" };
		assert.equal((await client.find(registryKind, ref, signal))?.metadata.finalizers, undefined);
		assert.equal(await client.find(STATEFUL_SETS, { namespace: "team-b", name: "other-registry" }, signal), undefined);
	});
});
