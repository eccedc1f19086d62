import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import { Registry as MetricsRegistry } from "prom-client";
import winston from "winston";
import { projectKind } from "#/api/kinds/project.ts";
import { openHealth } from "#/app/operator/open-health.ts";
import { CachedStore } from "#/kube/cached-store.ts";
import { systemTiming } from "#/lib/timing.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-ports.ts";
import { OPERATOR, openCluster } from "./cluster.ts";

const MINUTE = 60_000;

suite("The health of the operator", () => {
	test("an operator is not ready before it has read everything, and says what it lacks", async () => {
		await using stack = new AsyncDisposableStack();
		let isHeld = true;
		const { start } = await openCluster(stack, {
			faults: {
				request: ({ plural, method, userAgent }) =>
					isHeld && plural === "projects" && method === "GET" && userAgent === OPERATOR
						? { kind: "answer", status: 503 }
						: undefined,
			},
		});
		const { ask } = await start("pod-1");
		const ready = async () => {
			const answer = await ask("/readyz");
			return `${answer.status} ${(await answer.text()).trim()}`;
		};
		await eventually(async () => assert.equal(await ready(), "503 not ready: not read yet: projects"));
		assert.equal((await ask("/livez")).status, 200);
		isHeld = false;
		await eventually(async () => assert.equal(await ready(), "200 ok"), 60_000);
	});

	test("an operator that the API server has left alone for a minute lives on, and is not ready", async () => {
		const store = new CachedStore({ report: (error) => assert.fail(String(error)) });
		store.replaceAll([]);
		const heard = { type: projectKind, store, failure: new Error("no answer"), lastContact: 0 };
		const address = `127.0.0.1:${await freePort()}`;
		using _ = await openHealth(address, {
			caches: { reflectors: [heard] },
			metrics: new MetricsRegistry(),
			logger: winston.createLogger({ silent: true }),
			isStopping: () => false,
		});
		const statusOf = async (path: string) => (await fetch(`http://${address}${path}`)).status;
		heard.lastContact = systemTiming.monotonic() - MINUTE - 1;
		assert.deepEqual([await statusOf("/livez"), await statusOf("/readyz")], [200, 503]);
		heard.lastContact = systemTiming.monotonic();
		assert.deepEqual([await statusOf("/livez"), await statusOf("/readyz")], [200, 200]);
	});

	test("a process that stands still does not answer for its life until it goes on", async () => {
		const address = `127.0.0.1:${await freePort()}`;
		const worker = new Worker(new URL("./standing-still.ts", import.meta.url), { workerData: { address } });
		const gate = await new Promise<Int32Array<SharedArrayBuffer>>((resolve) => worker.once("message", resolve));
		const ask = async () => (await fetch(`http://${address}/livez`, { signal: AbortSignal.timeout(1_000) })).status;
		try {
			assert.equal(await ask(), 200);
			worker.postMessage("stand still");
			// It says so before, for nothing is heard of it then.
			await new Promise((resolve) => worker.once("message", resolve));
			await assert.rejects(ask());
			Atomics.store(gate, 0, 1);
			Atomics.notify(gate, 0);
			await new Promise((resolve) => worker.once("message", resolve));
			assert.equal((await fetch(`http://${address}/livez`)).status, 200);
		} finally {
			await worker.terminate();
		}
	});
});
