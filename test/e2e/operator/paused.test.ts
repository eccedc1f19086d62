// Two processes of the operator over one API server; the one that leads is stopped as a virtual machine is, and goes on.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryKind } from "#/api/kinds/registry.ts";
import { applyDefinitions } from "#/app/standalone/apply-definitions.ts";
import { apiVersionOf, LEASES, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import type { FaultyRequest } from "#/kube-embedded/faults.ts";
import { systemTiming } from "#/lib/timing.ts";
import { clusterKinds } from "../../app/operator/cluster-kinds.ts";
import { openTestApi } from "../../support/embedded-api.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-ports.ts";
import { COMPILE_CACHE } from "../../support/limani-command.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const LEASE = { namespace: "default", name: "operator" };
/** How long it is watched what somebody who woke up writes, milliseconds: longer than all of its waits. */
const WATCHED_MS = 8_000;
const soon = (): AbortSignal => AbortSignal.timeout(30_000);

/** One process of the operator. */
const startOperator = async (podName: string, kubeconfig: string) => {
	const listen = `127.0.0.1:${await freePort()}`;
	const args = ["src/main.ts", "operator", "--image", "registry.example/limani:1", "--kubeconfig", kubeconfig];
	const more = ["--lease", `${LEASE.namespace}/${LEASE.name}`, "--listen", listen];
	const env = { PATH: process.env.PATH ?? "", POD_NAME: podName, ...COMPILE_CACHE };
	const child: ChildProcess = spawn(process.execPath, [...args, ...more], { cwd: root, env });
	let said = "";
	for (const output of [child.stdout, child.stderr]) output?.on("data", (data: Buffer) => (said += data.toString()));
	return {
		child,
		said: () => said,
		isReady: async () => assert.equal((await fetch(`http://${listen}/readyz`)).status, 200),
		async [Symbol.asyncDispose]() {
			if (child.exitCode !== null || child.signalCode !== null) return;
			const exited = once(child, "exit");
			child.kill("SIGKILL");
			await exited;
		},
	};
};

test("a leader that is stopped past its lease and goes on writes nothing any more", { timeout: 300_000 }, async () => {
	const written: FaultyRequest[] = [];
	await using stack = new AsyncDisposableStack();
	const api = stack.use(
		await openTestApi({
			moreKinds: clusterKinds(),
			faults: {
				request: (request) => {
					const isOperator = request.userAgent === "limani";
					if (isOperator && request.method !== "GET" && request.plural !== "leases") written.push(request);
					return undefined;
				},
			},
		}),
	);
	const connection = plainConnection({ url: api.url, ca: api.ca, token: api.token });
	const client = stack.use(new RestClient({ connection, timing: systemTiming }, { userAgent: "owners" }));
	await applyDefinitions(client, soon());
	const holder = async () => {
		const lease = await client.find(LEASES, LEASE, soon());
		return String(Object(lease?.spec).holderIdentity ?? "").split("_")[0];
	};
	const create = (name: string) => {
		const metadata = { namespace: "default", name };
		return client.create(
			registryKind,
			{ apiVersion: apiVersionOf(registryKind), kind: "Registry", metadata, spec: {} },
			{},
			soon(),
		);
	};
	const isMade = async (name: string) =>
		assert.ok(await client.find(STATEFUL_SETS, { namespace: "default", name: `${name}-registry` }, soon()));

	const kubeconfig = join(api.directory, "kubeconfig");
	const first = stack.use(await startOperator("first", kubeconfig));
	await eventually(async () => assert.equal(await holder(), "first"));
	const second = stack.use(await startOperator("second", kubeconfig));
	await create("before");
	await eventually(() => isMade("before"));
	await eventually(second.isReady);

	// In the midst of its work: what it reads and is about to write is old when it goes on.
	const working = Array.from({ length: 5 }, (_, i) => create(`work-${i}`));
	await eventually(() => assert.match(first.said(), /"name":"work-\d"|"name":"before"/));
	first.child.kill("SIGSTOP");
	await Promise.all(working);
	await eventually(async () => assert.equal(await holder(), "second"));
	await create("after");
	for (const name of [...working.keys()].map((i) => `work-${i}`)) await eventually(() => isMade(name));
	await eventually(() => isMade("after"));
	let count = -1;
	await eventually(async () => {
		const before = count;
		count = written.length;
		await sleep(2_000);
		assert.equal(written.length, before, "the second one is still at work");
	});

	const already = first.said().length;
	const since = written.length;
	first.child.kill("SIGCONT");
	await eventually(() => assert.match(first.said().slice(already), /"lease\.lost"|"operator\.ended"/));
	await sleep(WATCHED_MS);
	assert.deepEqual(
		written.slice(since).map(({ method, path }) => `${method} ${path}`),
		[],
	);
	assert.equal(await holder(), "second");
	assert.doesNotMatch(first.said().slice(already), /"message":"leading"/);
});
