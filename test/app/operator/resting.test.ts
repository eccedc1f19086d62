import assert from "node:assert/strict";
import { test } from "node:test";
import { registryKind } from "#/api/kinds/registry.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { SERVICES, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { OPERATOR, OPTS, openCluster } from "./cluster.ts";

const { signal } = new AbortController();
const REF = { namespace: "team-a", name: "app" };
const SERVICE = { namespace: "team-a", name: "app-registry" };

const reasonOf = (object: KubeObject | undefined): string | undefined =>
	object === undefined ? undefined : findCondition(conditionsOf(object), "Ready")?.reason;

test("a suspended Registry is left as it is, says so, and goes when it is deleted", async () => {
	await using stack = new AsyncDisposableStack();
	const { client, start, create, until } = await openCluster(stack);
	await start("pod-1");
	await create("team-a", "app");
	await until(STATEFUL_SETS, "app-registry", (found) => found !== undefined);
	const change = (spec: object, annotations: object = {}) =>
		client.patch(registryKind, REF, { kind: "merge", body: { metadata: { annotations }, spec } }, OPTS, signal);
	await change({ suspend: true, replicas: 0 });
	await until(registryKind, "app", (found) => reasonOf(found) === "Suspended");
	await client.delete(SERVICES, SERVICE, {}, signal);
	await change({}, { "limani.dev/requestedAt": "1" });
	await until(registryKind, "app", (found) => Object(found?.status).lastHandledRequestedAt === "1");
	assert.equal(await client.find(SERVICES, SERVICE, signal), undefined);
	const set = await client.find(STATEFUL_SETS, SERVICE, signal);
	assert.equal(Object(set?.spec).replicas, 1);
	await client.delete(registryKind, REF, {}, signal);
	await until(registryKind, "app", (found) => found === undefined);
	await until(STATEFUL_SETS, "app-registry", (found) => found === undefined);
});

test("a Registry has its finalizer before anything is made for it", async () => {
	await using stack = new AsyncDisposableStack();
	const written: string[] = [];
	const { client, start, create, until } = await openCluster(stack, {
		faults: {
			request: ({ method, plural = "", userAgent }) => {
				if (userAgent === OPERATOR && method !== "GET" && plural !== "leases") written.push(`${method} ${plural}`);
				return undefined;
			},
		},
	});
	await start("pod-1");
	await create("team-a", "app");
	await until(STATEFUL_SETS, "app-registry", (found) => found !== undefined);
	assert.equal(written[0], "PATCH registries");
	assert.ok(written.includes("POST secrets"));
	assert.deepEqual((await client.find(registryKind, REF, signal))?.metadata.finalizers, ["limani.dev/cleanup"]);
});
