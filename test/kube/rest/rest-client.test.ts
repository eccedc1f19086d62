import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { KubeError } from "#/kube/kube-error.ts";
import { NAMESPACES, SECRETS } from "#/kube/resource-type.ts";
import { RestClient, type RestClientOpts } from "#/kube/rest/rest-client.ts";
import type { ObservedCall } from "#/kube/rest/transport.ts";
import { systemTiming } from "#/lib/timing.ts";
import { type Handle, KubeServer, statusOf } from "../../support/kube-server.ts";

const signal = new AbortController().signal;

const secret = (name: string) => ({ apiVersion: "v1", kind: "Secret", metadata: { namespace: "a", name } });

interface Pair {
	readonly server: KubeServer;
	readonly client: RestClient;
	readonly observed: ObservedCall[];
	/** The waits between tries. */
	readonly waits: number[];
}

const open = async (test: TestContext, handle: Handle, opts: RestClientOpts = {}, http2 = true): Promise<Pair> => {
	const server = await KubeServer.open(handle, { http2 });
	const observed: ObservedCall[] = [];
	const waits: number[] = [];
	const timing = {
		...systemTiming,
		random: () => 0.5,
		sleep: async (ms: number) => {
			waits.push(ms);
		},
	};
	const observe = (call: ObservedCall) => observed.push(call);
	const client = new RestClient({ connection: server.connection(), timing, observe }, opts);
	test.after(async () => {
		await client[Symbol.asyncDispose]();
		await server[Symbol.asyncDispose]();
	});
	return { server, client, observed, waits };
};

const failure = async (work: Promise<unknown>): Promise<KubeError> => {
	try {
		await work;
	} catch (error) {
		assert.ok(error instanceof KubeError, String(error));
		return error;
	}
	throw new assert.AssertionError({ message: "it did not fail" });
};

test("three hundred calls at once and two hundred one after the other go over at most two connections", async (t) => {
	const { server, client } = await open(t, ({ path }, answer) => answer.json(200, secret(path.slice(-3))));
	await Promise.all(Array.from({ length: 300 }, () => client.find(SECRETS, { namespace: "a", name: "x" }, signal)));
	for (let i = 0; i < 200; i++) await client.find(SECRETS, { namespace: "a", name: "x" }, signal);
	assert.equal(server.asked.length, 500);
	assert.ok(server.connections <= 2, `${server.connections} connections`);
	assert.equal(server.asked[0]?.httpVersion, "2.0");
});

test("watches and writes share one connection", async (t) => {
	const { server, client } = await open(t, ({ query, body }, answer) => {
		if (!query.has("watch")) return answer.json(201, body);
		answer.begin();
		answer.event("BOOKMARK", { kind: "Secret", apiVersion: "v1", metadata: { resourceVersion: "5" } });
		return answer.closed;
	});
	const ending = new AbortController();
	const watches = Array.from({ length: 12 }, async () => {
		for await (const event of client.watch(SECRETS, { resourceVersion: "1" }, ending.signal)) return event.type;
		return undefined;
	});
	const writes = Array.from({ length: 40 }, (_, i) => client.create(SECRETS, secret(`s${i}`), {}, signal));
	assert.deepEqual(new Set(await Promise.all(watches)), new Set(["BOOKMARK"]));
	assert.equal((await Promise.all(writes)).length, 40);
	assert.equal(server.connections, 1);
	ending.abort();
});

test("a server of HTTP/1.1 alone is served too, each watch with a connection of its own", async (t) => {
	const handle: Handle = ({ query }, answer) => {
		if (!query.has("watch")) return answer.json(200, secret("x"));
		answer.begin();
		answer.event("ADDED", secret("x"));
		return answer.closed;
	};
	const { server, client } = await open(t, handle, {}, false);
	const ending = new AbortController();
	const watches = Array.from({ length: 5 }, () =>
		client.watch(SECRETS, { resourceVersion: "1" }, ending.signal)[Symbol.asyncIterator](),
	);
	for (const watch of watches) assert.equal((await watch.next()).done, false);
	assert.equal((await client.find(SECRETS, { namespace: "a", name: "x" }, signal))?.metadata.name, "x");
	assert.equal(server.asked[0]?.httpVersion, "1.1");
	ending.abort();
});

test("each verb goes out as the API server expects it", async (t) => {
	const { server, client } = await open(t, (_, answer) => answer.json(200, secret("x")));
	const ref = { namespace: "a", name: "x" };
	const by = { fieldManager: "limani-test" };
	await client.find(NAMESPACES, { name: "a b" }, signal);
	await client.create(SECRETS, secret("x"), { ...by, dryRun: true }, signal);
	await client.replace(SECRETS, secret("x"), { subresource: "status" }, signal);
	await client.patch(SECRETS, ref, { kind: "json", body: [] }, by, signal);
	await client.patch(SECRETS, ref, { kind: "merge", body: {} }, { ...by, subresource: "status" }, signal);
	await client.patch(SECRETS, ref, { kind: "strategic", body: {} }, {}, signal);
	await client.apply(SECRETS, secret("x"), { ...by, force: true }, signal);
	await client.delete(SECRETS, ref, { uid: "u1", propagation: "Foreground" }, signal);
	const one = "/api/v1/namespaces/a/secrets/x";
	assert.deepEqual(
		server.asked.map(({ method, path, query, headers }) => [method, path, query.toString(), headers["content-type"]]),
		[
			["GET", "/api/v1/namespaces/a%20b", "", undefined],
			["POST", "/api/v1/namespaces/a/secrets", "fieldManager=limani-test&dryRun=All", "application/json"],
			["PUT", `${one}/status`, "", "application/json"],
			["PATCH", one, "fieldManager=limani-test", "application/json-patch+json"],
			["PATCH", `${one}/status`, "fieldManager=limani-test", "application/merge-patch+json"],
			["PATCH", one, "", "application/strategic-merge-patch+json"],
			["PATCH", one, "fieldManager=limani-test&force=true", "application/apply-patch+yaml"],
			["DELETE", one, "", "application/json"],
		],
	);
	assert.deepEqual(JSON.parse(server.asked.at(-1)?.body ?? ""), {
		apiVersion: "v1",
		kind: "DeleteOptions",
		preconditions: { uid: "u1" },
		propagationPolicy: "Foreground",
	});
	assert.ok(server.asked.every(({ headers }) => headers.authorization === "Bearer secret"));
	assert.ok(server.asked.every(({ headers }) => headers["user-agent"] === "limani"));
});

test("a token of a service account is asked for below it", async (t) => {
	const { server, client } = await open(t, ({ body }, answer) => answer.json(201, body));
	const request = {
		apiVersion: "authentication.k8s.io/v1",
		kind: "TokenRequest",
		metadata: { namespace: "a", name: "sa" },
	};
	const type = { group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true };
	await client.create(type, request, { subresource: "token" }, signal);
	assert.equal(server.asked[0]?.path, "/api/v1/namespaces/a/serviceaccounts/sa/token");
});

test("pages are asked for one by one, and their items are given their type", async (t) => {
	const { server, client } = await open(t, ({ query }, answer) =>
		answer.json(200, {
			kind: "SecretList",
			apiVersion: "v1",
			metadata: { resourceVersion: "7", continue: query.has("continue") ? "" : "more&more" },
			items: [{ metadata: { name: "x" } }],
		}),
	);
	const first = await client.list(SECRETS, { namespace: "a", labelSelector: "a=b,c in (d)", limit: 1 }, signal);
	assert.deepEqual(first, {
		items: [{ apiVersion: "v1", kind: "Secret", metadata: { name: "x" } }],
		resourceVersion: "7",
		next: "more&more",
	});
	const second = await client.list(SECRETS, { limit: 1, next: first.next }, signal);
	assert.equal(second.next, undefined);
	assert.equal(server.asked[0]?.query.get("labelSelector"), "a=b,c in (d)");
	assert.equal(server.asked[1]?.query.get("continue"), "more&more");
	assert.equal(server.asked[1]?.path, "/api/v1/secrets");
});

test("what is not there is undefined; a type that is not there is an error; what is to go and is gone is fine", async (t) => {
	const { client } = await open(t, ({ path }, answer) =>
		path.endsWith("/x")
			? answer.json(404, statusOf(404, "NotFound", 'secrets "x" not found', { name: "x" }))
			: answer.json(404, path.endsWith("/z") ? statusOf(404, "NotFound", "no such resource") : "404 page not found\n"),
	);
	assert.equal(await client.find(SECRETS, { namespace: "a", name: "x" }, signal), undefined);
	await client.delete(SECRETS, { namespace: "a", name: "x" }, {}, signal);
	const error = await failure(client.find(SECRETS, { namespace: "a", name: "y" }, signal));
	assert.equal(error.code, "NOT_FOUND");
	assert.match(error.message, /404 page not found/);
	assert.equal((await failure(client.find(SECRETS, { namespace: "a", name: "z" }, signal))).code, "NOT_FOUND");
});

const failures = [
	[400, "BadRequest", "INVALID"],
	[403, "Forbidden", "FORBIDDEN"],
	[409, "AlreadyExists", "EXISTS"],
	[409, "Conflict", "CONFLICT"],
	[410, "Expired", "GONE"],
	[422, "Invalid", "INVALID"],
	[500, "InternalError", "UNKNOWN"],
	[504, "Timeout", "UNAVAILABLE"],
] as const;

for (const [status, reason, code] of failures) {
	test(`${status} ${reason} is a KubeError ${code} with the server's words`, async (t) => {
		const { client, observed } = await open(t, (_, answer) =>
			answer.json(status, statusOf(status, reason, "so it is")),
		);
		const error = await failure(client.create(SECRETS, secret("x"), {}, signal));
		assert.deepEqual([error.code, error.status, error.reason], [code, status, reason]);
		assert.match(error.message, /^create \/api\/v1\/namespaces\/a\/secrets: so it is$/);
		assert.deepEqual([observed[0]?.method, observed[0]?.code], ["POST", String(status)]);
	});
}

test("a server that is busy is asked again no earlier than it says, a bounded number of times", async (t) => {
	const busy = statusOf(429, "TooManyRequests", "later");
	const { server, client, waits, observed } = await open(t, (_, answer) =>
		answer.json(429, busy, { "retry-after": "3" }),
	);
	const error = await failure(client.replace(SECRETS, secret("x"), {}, signal));
	assert.deepEqual([error.code, error.status, error.retryAfterMs], ["UNAVAILABLE", 429, 3000]);
	assert.equal(server.asked.length, 4);
	assert.deepEqual(waits, [3500, 3500, 3500]);
	assert.equal(observed.length, 4);
});

test("a wait longer than the call may last is left to the caller", async (t) => {
	const { server, client, waits } = await open(t, (_, answer) => answer.json(503, "", { "retry-after": "31" }));
	const error = await failure(client.find(SECRETS, { namespace: "a", name: "x" }, signal));
	assert.equal(error.retryAfterMs, 31_000);
	assert.deepEqual([server.asked.length, waits.length], [1, 0]);
});

test("a creation is not sent twice", async (t) => {
	const { server, client } = await open(t, (_, answer) => answer.json(503, "", { "retry-after": "1" }));
	await failure(client.create(SECRETS, secret("x"), {}, signal));
	await failure(client.patch(SECRETS, { name: "x" }, { kind: "json", body: [] }, {}, signal));
	assert.equal(server.asked.length, 2);
});

test("a read whose connection breaks is sent again over a new one, a write is not", async (t) => {
	let broken = 0;
	const { server, client, observed } = await open(t, (_, answer) => {
		if (++broken % 2 === 1) server.cut();
		else answer.json(200, secret("x"));
	});
	assert.equal((await client.find(SECRETS, { namespace: "a", name: "x" }, signal))?.metadata.name, "x");
	assert.deepEqual(
		observed.map(({ code }) => code),
		["<error>", "200"],
	);
	const error = await failure(client.replace(SECRETS, secret("x"), {}, signal));
	assert.deepEqual([error.code, error.status, server.asked.length], ["UNAVAILABLE", undefined, 3]);
});

test("refused credentials are got anew, once", async (t) => {
	const server = await KubeServer.open(({ headers }, answer) =>
		headers.authorization === "Bearer new"
			? answer.json(200, secret("x"))
			: answer.json(401, statusOf(401, "Unauthorized", "Unauthorized")),
	);
	let current = "new";
	const connection = {
		...server.connection(),
		headers: async (fresh: boolean) => ({ authorization: `Bearer ${fresh ? current : "old"}` }),
	};
	const client = new RestClient({ connection, timing: systemTiming });
	t.after(async () => {
		await client[Symbol.asyncDispose]();
		await server[Symbol.asyncDispose]();
	});
	assert.ok(await client.create(SECRETS, secret("x"), {}, signal));
	current = "wrong";
	const error = await failure(client.create(SECRETS, secret("x"), {}, signal));
	assert.deepEqual([error.code, error.reason, server.asked.length], ["FORBIDDEN", "Unauthorized", 4]);
});

test("a body that never ends is given up in time", async (t) => {
	const { server, client } = await open(
		t,
		(_, answer) => {
			answer.begin();
			answer.raw('{"kind":');
			return answer.closed;
		},
		{ timeoutMs: 300 },
	);
	const error = await failure(client.list(SECRETS, { limit: 1 }, signal));
	assert.equal(error.code, "UNAVAILABLE");
	assert.match(error.message, /within 300 ms/);
	assert.equal(server.asked.length, 1);
});

test("an aborted call ends with the signal's reason, and is not even sent when it was aborted before", async (t) => {
	const arrived = Promise.withResolvers<void>();
	const { server, client } = await open(t, (_, answer) => {
		arrived.resolve();
		return answer.closed;
	});
	const ending = new AbortController();
	const call = client.find(SECRETS, { namespace: "a", name: "x" }, ending.signal);
	await arrived.promise;
	ending.abort(new Error("enough"));
	await assert.rejects(call, /^Error: enough$/);
	await assert.rejects(client.find(SECRETS, { name: "x" }, ending.signal), /^Error: enough$/);
	assert.equal(server.asked.length, 1);
});

test("a line that went dead without a word is replaced", async (t) => {
	const { server, client } = await open(t, (_, answer) => answer.json(200, secret("x")), {
		pingMs: 50,
		silenceMs: 200,
	});
	const find = () => client.find(SECRETS, { namespace: "a", name: "x" }, signal);
	await find();
	server.freeze();
	// Hangs until the silence is noticed; a read is sent again then.
	assert.equal((await find())?.metadata.name, "x");
	assert.equal(server.connections, 2);
});

test("a quiet connection that answers pings stays", async (t) => {
	const pinged = Promise.withResolvers<void>();
	const { server, client } = await open(
		t,
		async ({ query }, answer) => {
			if (query.has("slow")) return;
			await pinged.promise;
			answer.json(200, secret("x"));
		},
		{ pingMs: 30, silenceMs: 90 },
	);
	const call = client.find(SECRETS, { namespace: "a", name: "x" }, signal);
	await systemTiming.sleep(600, signal);
	pinged.resolve();
	await call;
	assert.equal(server.connections, 1);
});

test("an answer that is no object, no list or no JSON is an error", async (t) => {
	const answers = ['{"kind":"X"}', '{"items":{}}', "<html>"];
	const { client } = await open(t, (_, answer) => answer.json(200, answers.shift() ?? ""));
	const codes = [
		await failure(client.find(SECRETS, { name: "x" }, signal)),
		await failure(client.list(SECRETS, { limit: 1 }, signal)),
		await failure(client.find(SECRETS, { name: "x" }, signal)),
	].map(({ code }) => code);
	assert.deepEqual(codes, ["UNKNOWN", "UNKNOWN", "UNKNOWN"]);
});
