import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { suite, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LEASES, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { OPERATOR, openCluster } from "./cluster.ts";

const { signal } = new AbortController();
/** Longer than a renewal may fail, milliseconds. */
const LATE_MS = 11_000;
const LEASE = { namespace: "default", name: "limani-operator" };

/** Passes connections on, and counts those there are. */
const openCounter = async (stack: AsyncDisposableStack) => {
	let target = 0;
	const clients = new Set<Socket>();
	let most = 0;
	const server = createServer((client) => {
		clients.add(client);
		most = Math.max(most, clients.size);
		const onward = connect(target, "127.0.0.1");
		client.pipe(onward).pipe(client);
		for (const end of [client, onward]) end.on("error", () => client.destroy());
		client.on("close", () => {
			clients.delete(client);
			onward.destroy();
		});
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	stack.defer(() => {
		server.close();
		for (const client of clients) client.destroy();
	});
	return {
		through: (url: string) => {
			target = Number(new URL(url).port);
			return `https://127.0.0.1:${address.port}`;
		},
		most: () => most,
	};
};

suite("The operator's connections to the API server", () => {
	test("an operator with all its watches, its lease and its writes has three connections at most", async () => {
		await using stack = new AsyncDisposableStack();
		const counter = await openCounter(stack);
		const { start, create, until } = await openCluster(stack, { through: counter.through });
		const { ask } = await start("pod-1");
		for (const name of ["one", "two", "three", "four"]) await create("team-a", name);
		for (const name of ["one", "two", "three", "four"]) {
			await until(STATEFUL_SETS, `${name}-registry`, (object) => object !== undefined);
		}
		assert.equal((await ask("/readyz")).status, 200);
		assert.ok(counter.most() >= 1 && counter.most() <= 3, `${counter.most()} connections`);
	});

	test("the lease is renewed while no other call is answered", async () => {
		await using stack = new AsyncDisposableStack();
		let isDeaf = false;
		let unanswered = 0;
		const { client, start, create, until } = await openCluster(stack, {
			faults: {
				request: ({ plural, userAgent }) => {
					if (!isDeaf || plural === "leases" || userAgent !== OPERATOR) return undefined;
					unanswered++;
					return { kind: "delay", ms: LATE_MS };
				},
			},
		});
		const { lines } = await start("pod-1");
		await create("team-a", "before");
		await until(STATEFUL_SETS, "before-registry", (object) => object !== undefined);
		isDeaf = true;
		for (const name of ["one", "two", "three"]) await create("team-a", name);
		const renewals = new Set<string>();
		while (renewals.size < 4 || unanswered === 0) {
			const lease = await client.find(LEASES, LEASE, signal);
			renewals.add(String(Object(lease?.spec).renewTime));
			assert.equal(Object(lease?.spec).leaseTransitions ?? 0, 0);
			await sleep(100);
		}
		assert.deepEqual(
			lines.filter((line) => line.includes("lease.")),
			[],
		);
		isDeaf = false;
	});
});
