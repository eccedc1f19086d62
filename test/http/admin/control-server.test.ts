import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type Control, MAX_CHANGE_BYTES } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { listen } from "../../support/control-planes.ts";

const TOKEN = "the registry's control token";

/** Records what reaches it, and fails as it is told to. */
interface Recorder {
	readonly calls: unknown[];
	readonly reported: unknown[];
	failure: unknown;
}

/** Nothing was collected, and nothing waits. */
const EXPLAINED = {
	decisions: [
		{ repository: "a/x", digest: "sha256:0", tags: ["v"], keep: true, rule: "all", why: "it is kept always" },
	],
	next: "1@a/x@sha256:0",
};
const MOVING = { to: "db/limani", stage: "Copying", rows: { done: 1, all: 3 }, message: "it waits" } as const;
const TOTALS = {
	reclaimed: { objects: 0, bytes: 0 },
	waiting: { reviews: 0, objects: 0, bytes: 0 },
	databaseMigration: MOVING,
};

const ARCHIVE = {
	archive: { firstRecoverabilityPoint: 3, lastSuccessfulBackup: { id: "b", at: 5, finishedAt: 7 }, shippedUntil: 9 },
};

/** A control server in the clear over a recorder; both go with the test. */
const serve = async (context: TestContext): Promise<Recorder & { readonly url: string }> => {
	const recorder: Recorder = { calls: [], reported: [], failure: undefined };
	const note = <T>(name: string, answer: T) => {
		return async (input: unknown): Promise<T> => {
			recorder.calls.push([name, input]);
			if (recorder.failure !== undefined) throw recorder.failure;
			return answer;
		};
	};
	const control: Control = {
		begin: note("begin", { epoch: 5, base: 7 }),
		apply: note("apply", { base: 8 }),
		resync: note("resync", { refused: { reason: "stale-epoch", epoch: 6 } }),
		observe: note("observe", { changes: [], cursor: 3 }),
		usage: note("usage", { projects: [], more: false }),
		totals: note("totals", TOTALS),
		archive: note("archive", ARCHIVE),
		explain: note("explain", EXPLAINED),
		history: note("history", { entries: [], next: "more" }),
		restore: note("restore", { digest: "sha256:0", manifests: [], tags: ["v"], moved: [] }),
		run: note("run", { ran: { count: 1 } }),
	};
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	const report = (error: unknown) => recorder.reported.push(error);
	const url = await listen(createControlServer({ control, token: TOKEN, report }), stack, "http");
	return Object.assign(recorder, { url });
};

interface Call {
	readonly method?: string;
	readonly body?: string | Uint8Array<ArrayBuffer>;
	readonly headers?: { readonly [name: string]: string };
}

const call = async (url: string, { method = "POST", body = "{}", headers = {} }: Call = {}) => {
	const response = await fetch(url, {
		method,
		headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json", ...headers },
		...(method === "GET" || method === "HEAD" ? {} : { body }),
	});
	const text = await response.text();
	const json: unknown = text === "" ? undefined : JSON.parse(text);
	return { status: response.status, headers: response.headers, json };
};

/** Each operation with an input that the contract allows, and its answer. */
const operations: readonly (readonly [name: string, input: object, answer: object])[] = [
	["begin", { holder: "operator" }, { epoch: 5, base: 7 }],
	["apply", { epoch: 5, base: 7, upserts: [], deletes: ["p1"] }, { base: 8 }],
	["resync", { epoch: 5, snapshot: "s", resources: [], last: true }, { refused: { reason: "stale-epoch", epoch: 6 } }],
	["observe", { cursor: 0, limit: 10 }, { changes: [], cursor: 3 }],
	["usage", { after: "a", limit: 10 }, { projects: [], more: false }],
	["totals", {}, TOTALS],
	["archive", {}, ARCHIVE],
	["explain", { policy: "p", repository: "a/x", after: "1@a/x@sha256:0", limit: 5 }, EXPLAINED],
	["history", { repository: "a/b", tag: "v", after: "3", limit: 10 }, { entries: [], next: "more" }],
	[
		"restore",
		{ repository: "a/b", tag: "v", at: 5, actor: "ann" },
		{ digest: "sha256:0", manifests: [], tags: ["v"], moved: [] },
	],
	["run", { epoch: 5, feature: "sweep", id: "" }, { ran: { count: 1 } }],
];

for (const [name, input, answer] of operations) {
	test(`${name} is a POST of JSON that is answered with JSON`, async (context) => {
		const { url, calls } = await serve(context);
		const { status, headers, json } = await call(`${url}/control/v1/${name}`, { body: JSON.stringify(input) });
		assert.equal(status, 200);
		assert.match(headers.get("content-type") ?? "", /^application\/json/);
		assert.deepEqual(json, answer);
		assert.deepEqual(calls, [[name, input]]);
		assert.equal(headers.get("x-powered-by"), null);
	});

	test(`${name} with an input that breaks the contract is a 400 that says how`, async (context) => {
		const { url, calls } = await serve(context);
		for (const key of Object.keys(input)) {
			const broken = { ...input, [key]: { no: "such" } };
			const { status, json } = await call(`${url}/control/v1/${name}`, { body: JSON.stringify(broken) });
			assert.equal(status, 400);
			assert.match(JSON.stringify(json), new RegExp(`"error":"${name}: ${key}: `));
		}
		assert.deepEqual(calls, []);
	});

	test(`${name} has no other method`, async (context) => {
		const { url, calls } = await serve(context);
		for (const method of ["GET", "PUT", "DELETE"]) {
			const { status, headers } = await call(`${url}/control/v1/${name}`, { method });
			assert.equal(status, 405);
			assert.equal(headers.get("allow"), "POST");
		}
		assert.deepEqual(calls, []);
	});
}

test("without the token nothing can be seen, not even which paths there are", async (context) => {
	const { url, calls } = await serve(context);
	const authorizations = [
		"",
		"Bearer",
		"Bearer ",
		`bearer ${TOKEN}`,
		`Bearer ${TOKEN} `.repeat(2),
		`Basic ${btoa(TOKEN)}`,
	];
	for (const path of ["/control/v1/begin", "/control/v1/nothing", "/"]) {
		for (const Authorization of authorizations) {
			const { status, headers, json } = await call(url + path, {
				body: '{"holder":"operator"}',
				headers: { Authorization },
			});
			assert.equal(status, 401);
			assert.equal(headers.get("www-authenticate"), "Bearer");
			assert.deepEqual(json, { error: "the control token is missing or wrong" });
		}
	}
	assert.deepEqual(calls, []);
});

test("a stranger's body is not read: the answer comes first, then the connection is closed", async (context) => {
	const { url } = await serve(context);
	const socket = connect(Number(new URL(url).port), "127.0.0.1");
	socket.on("error", () => undefined);
	const head = "POST /control/v1/begin HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
	socket.write(`${head}Content-Length: 1000000\r\n\r\n{`);
	let text = "";
	for await (const chunk of socket) text += String(chunk);
	assert.match(text, /^HTTP\/1\.1 401 /);
	assert.match(text, /\r\nConnection: close\r\n/i);
});

test("an empty token is refused, since everybody knows it", () => {
	const control: Control = {
		begin: () => assert.fail("begin"),
		apply: () => assert.fail("apply"),
		resync: () => assert.fail("resync"),
		observe: () => assert.fail("observe"),
		usage: () => assert.fail("usage"),
		totals: () => assert.fail("totals"),
		archive: () => assert.fail("archive"),
		explain: () => assert.fail("explain"),
		history: () => assert.fail("history"),
		restore: () => assert.fail("restore"),
		run: () => assert.fail("run"),
	};
	assert.throws(() => createControlServer({ control, token: "", report: () => undefined }), ControlError);
});

test("an unknown path is a 404", async (context) => {
	const { url } = await serve(context);
	for (const path of ["/", "/control/v1", "/control/v2/begin", "/control/v1/begin/more"]) {
		const { status, json } = await call(url + path);
		assert.equal(status, 404);
		assert.deepEqual(json, { error: "no such operation" });
	}
});

test("a body of 1 MiB is read, and one of a byte more is a 413", async (context) => {
	const { url, calls } = await serve(context);
	const bodyOf = (bytes: number) => `{"holder":"operator"}${" ".repeat(bytes - 21)}`;
	assert.equal((await call(`${url}/control/v1/begin`, { body: bodyOf(MAX_CHANGE_BYTES) })).status, 200);
	const { status, json } = await call(`${url}/control/v1/begin`, { body: bodyOf(MAX_CHANGE_BYTES + 1) });
	assert.equal(status, 413);
	assert.deepEqual(json, { error: "at most 1048576 bytes of JSON fit one call" });
	assert.equal(calls.length, 1);
});

test("a body that is no JSON is a 400 that repeats nothing of it", async (context) => {
	const { url, calls, reported } = await serve(context);
	const body = '{"holder":"operator"}';
	const wrong: readonly Call[] = [
		{ body: "hunter2" },
		{ body: '{"holder": hunter2' },
		{ body: "" },
		{ body, headers: { "Content-Type": "text/plain" } },
		{ body: gzipSync(body), headers: { "Content-Encoding": "gzip" } },
		{ body, headers: { "Content-Type": "application/json; charset=latin9" } },
	];
	for (const one of wrong) {
		const { status, json } = await call(`${url}/control/v1/begin`, one);
		assert.equal(status, 400, JSON.stringify(one));
		assert.doesNotMatch(JSON.stringify(json), /hunter2/);
	}
	assert.deepEqual(calls, []);
	assert.deepEqual(reported, []);
});

test("what the data plane says of a failure is passed on, and what it does not say stays in its log", async (context) => {
	const recorder = await serve(context);
	const begin = () => call(`${recorder.url}/control/v1/begin`, { body: '{"holder":"operator"}' });
	const away = new ControlError("UNAVAILABLE", "begin: the database is away");
	recorder.failure = away;
	let answer = await begin();
	assert.deepEqual([answer.status, answer.json], [503, { error: "begin: the database is away" }]);
	assert.deepEqual(recorder.reported, [away]);
	const mistake = new TypeError("cannot read the inner workings");
	recorder.failure = mistake;
	answer = await begin();
	assert.deepEqual([answer.status, answer.json], [503, { error: "the data plane failed" }]);
	assert.deepEqual(recorder.reported, [away, mistake]);
	recorder.failure = new ControlError("INVALID", "begin: wrong");
	answer = await begin();
	assert.deepEqual([answer.status, answer.json], [400, { error: "begin: wrong" }]);
	assert.equal(recorder.reported.length, 2);
});

test("a caller that goes away aborts its call, which is no failure to report", async (context) => {
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	const reported: unknown[] = [];
	const aborted = Promise.withResolvers<void>();
	const started = Promise.withResolvers<void>();
	const unused = () => assert.fail("not called");
	const run: Control["run"] = async (_input, signal) => {
		started.resolve();
		await new Promise((resolve) => signal.addEventListener("abort", resolve));
		aborted.resolve();
		throw signal.reason;
	};
	const control: Control = {
		begin: unused,
		apply: unused,
		resync: unused,
		observe: unused,
		usage: unused,
		totals: unused,
		archive: unused,
		explain: unused,
		history: unused,
		restore: unused,
		run,
	};
	const report = (error: unknown) => reported.push(error);
	const url = await listen(createControlServer({ control, token: TOKEN, report }), stack, "http");
	const request = httpRequest(`${url}/control/v1/run`, {
		method: "POST",
		headers: { Authorization: `Bearer ${TOKEN}`, "Content-Type": "application/json" },
	});
	request.on("error", () => undefined);
	request.end('{"epoch":1,"feature":"sweep","id":""}');
	await started.promise;
	request.destroy();
	await aborted.promise;
	await new Promise((resolve) => setImmediate(resolve));
	assert.deepEqual(reported, []);
});
