import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { WatchEvent } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { linesOf } from "#/kube/rest/lines-of.ts";
import { RestClient, type RestClientOpts } from "#/kube/rest/rest-client.ts";
import { systemTiming } from "#/lib/timing.ts";
import { type Handle, KubeServer, statusOf } from "../../support/kube-server.ts";

const secret = (name: string) => ({
	apiVersion: "v1",
	kind: "Secret",
	metadata: { namespace: "a", name, resourceVersion: "9" },
});

const open = async (
	test: TestContext,
	handle: Handle,
	opts: RestClientOpts = {},
): Promise<{ readonly server: KubeServer; readonly client: RestClient }> => {
	const server = await KubeServer.open(handle);
	const client = new RestClient(
		{ connection: server.connection(), timing: { ...systemTiming, random: () => 0.999 } },
		opts,
	);
	test.after(async () => {
		await client[Symbol.asyncDispose]();
		await server[Symbol.asyncDispose]();
	});
	return { server, client };
};

/** The names of what comes, and how it ends. */
const collect = async (events: AsyncIterable<WatchEvent>): Promise<readonly [string[], unknown]> => {
	const names: string[] = [];
	try {
		for await (const { type, object } of events) names.push(`${type} ${object.metadata.name}`);
		return [names, undefined];
	} catch (error) {
		return [names, error];
	}
};

const codeOf = (error: unknown): string => (error instanceof KubeError ? error.code : String(error));

test("a watch asks for bookmarks and to be ended at some time between five and ten minutes", async (t) => {
	const { server, client } = await open(t, (_, answer) => {
		answer.begin();
		answer.event("ADDED", secret("x"));
		answer.event("BOOKMARK", { kind: "Secret", apiVersion: "v1", metadata: { resourceVersion: "12" } });
		answer.event("DELETED", secret("x"));
		answer.end();
	});
	const watch = client.watch(SECRETS, { resourceVersion: "7", fieldSelector: "type=a" }, new AbortController().signal);
	assert.deepEqual(await collect(watch), [["ADDED x", "BOOKMARK ", "DELETED x"], undefined]);
	assert.equal(
		server.asked[0]?.query.toString(),
		"fieldSelector=type%3Da&resourceVersion=7&watch=true&allowWatchBookmarks=true&timeoutSeconds=590",
	);
});

const endings: readonly (readonly [what: string, handle: Handle, code: string])[] = [
	["an HTTP 410 is GONE", (_, answer) => answer.json(410, statusOf(410, "Expired", "too old")), "GONE"],
	[
		"an ERROR event 410 is GONE",
		(_, answer) => {
			answer.begin();
			answer.event("ERROR", statusOf(410, "Gone", "too old"));
			return answer.closed;
		},
		"GONE",
	],
	[
		"an ERROR event of another kind is an error as well",
		(_, answer) => {
			answer.begin();
			answer.event("ERROR", statusOf(500, "InternalError", "etcd"));
			return answer.closed;
		},
		"UNKNOWN",
	],
	[
		"a 429 is UNAVAILABLE and not asked again",
		(_, answer) => answer.json(429, "", { "retry-after": "7" }),
		"UNAVAILABLE",
	],
	[
		"a stream that is reset is UNAVAILABLE",
		(_, answer) => {
			answer.begin();
			answer.event("BOOKMARK", secret(""));
			answer.reset();
		},
		"UNAVAILABLE",
	],
	[
		"an event that is no JSON is an error",
		(_, answer) => {
			answer.begin();
			answer.raw("<html>\n");
			answer.end();
		},
		"UNKNOWN",
	],
];

for (const [what, handle, code] of endings) {
	test(`a watch ends: ${what}`, async (t) => {
		const { server, client } = await open(t, handle);
		const [, error] = await collect(client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal));
		assert.equal(codeOf(error), code);
		if (code === "UNAVAILABLE" && error instanceof KubeError && error.status === 429) {
			assert.equal(error.retryAfterMs, 7000);
		}
		assert.equal(server.asked.length, 1);
	});
}

test("a watch whose connection is cut is UNAVAILABLE", async (t) => {
	const { server, client } = await open(t, (_, answer) => {
		answer.begin();
		answer.event("ADDED", secret("x"));
		return answer.closed;
	});
	const watch = client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal)[Symbol.asyncIterator]();
	await watch.next();
	server.cut();
	await assert.rejects(watch.next(), { code: "UNAVAILABLE" });
});

test("a watch on a line that went dead without a word is UNAVAILABLE, long before its end", async (t) => {
	const { server, client } = await open(
		t,
		(_, answer) => {
			answer.begin();
			answer.event("ADDED", secret("x"));
			return answer.closed;
		},
		{ pingMs: 50, silenceMs: 200 },
	);
	const watch = client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal)[Symbol.asyncIterator]();
	await watch.next();
	server.freeze();
	await assert.rejects(watch.next(), { code: "UNAVAILABLE" });
});

test("a watch that the server forgets to end is given up five seconds after its time", async (t) => {
	const { client } = await open(
		t,
		(_, answer) => {
			answer.begin();
			return answer.closed;
		},
		// Five seconds before none: at once.
		{ watchSeconds: { min: -5, max: -5 } },
	);
	const [, error] = await collect(client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal));
	assert.equal(codeOf(error), "UNAVAILABLE");
});

test("a head that does not come is UNAVAILABLE", async (t) => {
	const { client } = await open(t, (_, answer) => answer.closed, { timeoutMs: 200 });
	const [, error] = await collect(client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal));
	assert.equal(codeOf(error), "UNAVAILABLE");
});

test("aborting at any moment ends the stream, and nothing comes afterwards", async (t) => {
	const moments = ["before", "head", "quiet", "taken"] as const;
	for (const moment of moments) {
		const closed = Promise.withResolvers<void>();
		const arrived = Promise.withResolvers<void>();
		const { server, client } = await open(t, async (_, answer) => {
			answer.closed.then(closed.resolve, closed.reject);
			if (moment !== "head") {
				answer.begin();
				answer.event("ADDED", secret("x"));
				answer.event("ADDED", secret("y"));
			}
			arrived.resolve();
			await answer.closed;
		});
		const ending = new AbortController();
		if (moment === "before") ending.abort(new Error("enough"));
		const watch = client.watch(SECRETS, { resourceVersion: "7" }, ending.signal)[Symbol.asyncIterator]();
		if (moment === "head") arrived.promise.then(() => ending.abort(new Error("enough")));
		if (moment === "quiet" || moment === "taken") await watch.next();
		if (moment === "quiet") await watch.next();
		const next = watch.next();
		if (moment === "taken") {
			// The second one lies there already.
			ending.abort(new Error("enough"));
			await next.catch(() => {});
			assert.equal((await watch.next()).done, true);
		} else {
			if (moment === "quiet") ending.abort(new Error("enough"));
			await assert.rejects(next, /^Error: enough$/, moment);
		}
		if (moment === "before") assert.equal(server.asked.length, 0);
		else await closed.promise;
	}
});

test("whoever turns away from a watch ends its stream", async (t) => {
	const closed = Promise.withResolvers<void>();
	const { client } = await open(t, (_, answer) => {
		answer.closed.then(closed.resolve, closed.reject);
		answer.begin();
		answer.event("ADDED", secret("x"));
		return answer.closed;
	});
	for await (const _ of client.watch(SECRETS, { resourceVersion: "7" }, new AbortController().signal)) break;
	await closed.promise;
});

test("a thousand watches that end or are aborted leave no timer and no connection but one", async (t) => {
	const { server, client } = await open(t, ({ query }, answer) => {
		answer.begin();
		answer.event("ADDED", secret("x"));
		if (query.get("resourceVersion") === "1") answer.end();
		else return answer.closed;
		return undefined;
	});
	const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
	const once = async (version: string) => {
		const ending = new AbortController();
		for await (const _ of client.watch(SECRETS, { resourceVersion: version }, ending.signal)) {
			if (version === "2") break;
		}
		ending.abort();
	};
	await once("1");
	const before = timers();
	for (let round = 0; round < 10; round++) {
		await Promise.all(Array.from({ length: 100 }, (_, i) => once(i % 2 === 0 ? "1" : "2")));
	}
	assert.ok(timers() <= before, `${timers()} timers after, ${before} before`);
	assert.equal(server.connections, 1);
});

test("lines are found however the bytes are cut, and one without an end is none", async () => {
	const text = '{"a":"ä€😀"}\n\n{"b":2}\n{"c":';
	const bytes = Buffer.from(text);
	for (let size = 1; size <= bytes.length; size++) {
		const chunks = async function* () {
			for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
		};
		const lines: string[] = [];
		for await (const line of linesOf(chunks(), 100)) lines.push(line);
		assert.deepEqual(lines, ['{"a":"ä€😀"}', '{"b":2}'], `pieces of ${size}`);
	}
});

test("a line without an end is not gathered for ever", async () => {
	let given = 0;
	const endless = async function* () {
		for (;;) {
			given++;
			yield Buffer.alloc(10, "x");
		}
	};
	await assert.rejects(linesOf(endless(), 100).next(), { code: "UNKNOWN" });
	assert.equal(given, 11);
});
