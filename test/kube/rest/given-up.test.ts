import assert from "node:assert/strict";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type TestContext, test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { KubeError } from "#/kube/kube-error.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { plainConnection } from "#/kube/rest/plain-connection.ts";
import { RestClient } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { type Handle, KubeServer } from "../../support/kube-server.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const SEED = Number(process.env.SEED ?? 7);

const page = { kind: "SecretList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] };
const secret = { apiVersion: "v1", kind: "Secret", metadata: { namespace: "a", name: "x" } };
const bookmark = { kind: "Secret", apiVersion: "v1", metadata: { resourceVersion: "5" } };

/** What becomes of a call: nothing else but these. */
const outcomeOf = async (call: Promise<unknown>): Promise<"answered" | "aborted" | "unavailable"> => {
	try {
		await call;
		return "answered";
	} catch (error) {
		if (error instanceof KubeError && error.code === "UNAVAILABLE") return "unavailable";
		assert.ok(error instanceof DOMException && error.name === "AbortError", String(error));
		return "aborted";
	}
};

/** Errors that reach the process while it listens; the runner does not hear of them. */
const strayErrors = (t: TestContext): readonly unknown[] => {
	const strays: unknown[] = [];
	const listeners = process.listeners("uncaughtException");
	const take = (error: unknown) => void strays.push(error);
	process.removeAllListeners("uncaughtException");
	process.on("uncaughtException", take);
	t.after(() => {
		process.off("uncaughtException", take);
		for (const listener of listeners) process.on("uncaughtException", listener);
	});
	return strays;
};

/** Errors come a few turns after what caused them. */
const turns = async (): Promise<void> => {
	for (let turn = 0; turn < 10; turn++) await setImmediate();
};

const soon = (): AbortSignal => AbortSignal.timeout(30_000);

const isOpen = (stream: unknown): boolean =>
	typeof stream === "object" && stream !== null && Reflect.get(stream, "destroyed") === false;

/** Tells of each stream of an HTTP/2 client, until the test ends. */
const onStream = (t: TestContext, channel: "created" | "start", listener: (stream: unknown) => void): void => {
	const name = `http2.client.stream.${channel}`;
	const take = (message: unknown) => listener(Reflect.get(Object(message), "stream"));
	subscribe(name, take);
	t.after(() => unsubscribe(name, take));
};

for (const verb of ["list", "create"] as const) {
	test(`calls to ${verb} that are given up as they go out leave no stream, and end nothing with their connection`, async (t) => {
		const strays = strayErrors(t);
		await using server = await KubeServer.open(({ body }, answer) => answer.json(200, body === "" ? page : body));
		const client = new RestClient({ connection: server.connection(), timing: systemTiming });
		t.after(() => client[Symbol.asyncDispose]());
		const call = (signal: AbortSignal) =>
			verb === "list" ? client.list(SECRETS, { limit: 5 }, signal) : client.create(SECRETS, secret, {}, signal);
		const ending = new AbortController();
		const streams: unknown[] = [];
		onStream(t, "created", (stream) => streams.push(stream));
		// Of some of them not all has gone out by then.
		onStream(t, "start", () => process.nextTick(() => ending.abort()));
		const calls = Array.from({ length: 7 }, () => outcomeOf(call(ending.signal)));
		assert.deepEqual(new Set(await Promise.all(calls)), new Set(["aborted"]));
		await call(soon());
		const end = performance.now() + 5_000;
		while (streams.some(isOpen) && performance.now() < end) await turns();
		assert.ok(streams.length > 1, `${streams.length} streams`);
		assert.equal(streams.filter(isOpen).length, 0);
		await client[Symbol.asyncDispose]();
		await turns();
		assert.deepEqual(strays, []);
	});
}

for (const http2 of [true, false]) {
	const version = http2 ? "HTTP/2" : "HTTP/1.1";
	test(`whenever a client ends, all that it does over ${version} ends, and nothing else (SEED=${SEED})`, async (t) => {
		const random = seededRandom(SEED);
		const strays = strayErrors(t);
		await using server = await KubeServer.open(restless(random), { http2 });
		for (let round = 0; round < 60; round++) {
			const client = new RestClient({ connection: server.connection(), timing: systemTiming });
			const ending = new AbortController();
			const calls = Array.from({ length: 7 }, () => [
				outcomeOf(watchOn(client, ending.signal)),
				outcomeOf(client.list(SECRETS, { limit: 5 }, ending.signal)),
				outcomeOf(client.create(SECRETS, secret, {}, ending.signal)),
			]).flat();
			await sleep(random() * 25);
			if (random() < 0.5) {
				ending.abort();
				await sleep(random() * 10);
			}
			await client[Symbol.asyncDispose]();
			const late = sleep(30_000, "unsettled" as const, { ref: false });
			for (const outcome of await Promise.all(calls.map((call) => Promise.race([call, late])))) {
				assert.notEqual(outcome, "unsettled");
			}
		}
		await turns();
		assert.deepEqual(strays, []);
	});
}

test("a call that waits for a connection ends in time, and with its signal", async (t) => {
	const never = new Promise<never>(() => undefined);
	const connection: KubeConnection = { ...plainConnection({ url: "https://127.0.0.1:1" }), tls: () => never };
	const client = new RestClient({ connection, timing: systemTiming }, { timeoutMs: 50, tries: 1 });
	t.after(() => client[Symbol.asyncDispose]());
	assert.equal(await outcomeOf(client.list(SECRETS, { limit: 1 }, soon())), "unavailable");
	const ending = new AbortController();
	const watching = outcomeOf(watchOn(client, ending.signal));
	await turns();
	ending.abort();
	assert.equal(await watching, "aborted");
});

/** Answers sooner or later; watches go on. */
const restless =
	(random: () => number): Handle =>
	async ({ query, body }, answer) => {
		if (random() < 0.5) await sleep(random() * 8);
		if (!query.has("watch")) return answer.json(200, body === "" ? page : body);
		answer.begin();
		for (let event = 0; event < 3; event++) {
			answer.event("BOOKMARK", bookmark);
			await sleep(random() * 5);
		}
		return answer.closed;
	};

const watchOn = async (client: RestClient, signal: AbortSignal): Promise<void> => {
	for await (const _ of client.watch(SECRETS, { resourceVersion: "1" }, signal)) if (signal.aborted) return;
};
