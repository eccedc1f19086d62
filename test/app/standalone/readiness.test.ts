import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { notReadyOf, whenReady } from "#/app/standalone/readiness.ts";
import { CachedStore } from "#/kube/cached-store.ts";
import type { KubeObject } from "#/kube/kube-object.ts";

const registry = (name: string, replicas: number, status: "True" | "False" = "True"): KubeObject => ({
	apiVersion: "limani.dev/v1alpha1",
	kind: "Registry",
	metadata: { namespace: "apps", name, uid: `uid-${name}`, resourceVersion: "1", generation: 1 },
	spec: { replicas },
	status: {
		conditions: [
			{
				type: "Ready",
				status,
				observedGeneration: 1,
				reason: "R",
				message: "as it says",
				lastTransitionTime: "2026-01-01T00:00:00Z",
			},
		],
	},
});

const open = (objects: readonly KubeObject[]) => {
	const store = new CachedStore({ report: assert.fail });
	store.replaceAll(objects);
	const running = new Set<string>();
	const listeners = new Set<() => void>();
	return {
		stores: { Registry: store },
		registries: {
			runs: (uid: string) => running.has(uid),
			onStart: (listener: () => void) => {
				listeners.add(listener);
				return { [Symbol.dispose]: () => void listeners.delete(listener) };
			},
		},
		listeners,
		start: (uid: string) => {
			running.add(uid);
			for (const listener of listeners) listener();
		},
	};
};

test("a Registry that the process before this one left Ready is waited for until it runs here", async () => {
	const objects = [registry("main", 1), registry("asleep", 0)];
	const { stores, registries, start, listeners } = open(objects);
	assert.deepEqual(notReadyOf(objects, stores, registries), [
		{ kind: "Registry", key: "apps/main", message: "it is about to start" },
	]);
	let isOver = false;
	const waiting = whenReady(objects, stores, registries, AbortSignal.timeout(60_000)).then(() => {
		isOver = true;
	});
	await turn();
	assert.equal(isOver, false);
	start("uid-main");
	await waiting;
	assert.equal(listeners.size, 0, "nobody listens any more");
});

test("one that runs and is not Ready says why", () => {
	const objects = [registry("main", 1, "False")];
	const { stores, registries, start } = open(objects);
	start("uid-main");
	assert.deepEqual(notReadyOf(objects, stores, registries), [
		{ kind: "Registry", key: "apps/main", message: "as it says" },
	]);
});
