import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type TestContext, test } from "node:test";
import type { Control } from "#/control/control.ts";
import { ControlError, type ControlErrorCode } from "#/control/control-error.ts";
import { RemoteControl, type RemoteControlOpts } from "#/control/remote-control.ts";
import { createControlServer } from "#/http/admin/control-server.ts";
import { soon } from "../conformance/control/bench.ts";
import { controlConformance } from "../conformance/control.ts";
import { createAuthority } from "../support/certificates.ts";
import { listen, openControlPlane, openQuickState, overTls } from "../support/control-planes.ts";

controlConformance("the data plane over TLS", async () => openControlPlane(await openQuickState(), overTls));

const TOKEN = "the registry's control token";

/** What a data plane knows that was told nothing. */
const idle: Control = {
	begin: async () => ({ epoch: 1, base: 0 }),
	apply: async ({ base }) => ({ base }),
	resync: async () => ({ base: 0 }),
	observe: async ({ cursor }) => ({ changes: [], cursor }),
	usage: async () => ({ projects: [], more: false }),
	explain: async () => ({ decisions: [] }),
	totals: async () => ({ reclaimed: { objects: 0, bytes: 0 }, waiting: { reviews: 0, objects: 0, bytes: 0 } }),
	archive: async () => ({}),
	history: async () => ({ entries: [] }),
	restore: async () => ({ refused: { reason: "repository-unknown", message: "there is no repository" } }),
	run: async () => ({ ran: {} }),
};

/** A remote control of a server in the clear that does anything at all; both go with the test. */
const remoteOf = async (
	context: TestContext,
	answer: RequestListener,
	opts: Partial<RemoteControlOpts> = {},
): Promise<RemoteControl> => {
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	const url = await listen(createServer(answer), stack, "http");
	return stack.use(new RemoteControl({ url, token: TOKEN, ...opts }));
};

/** Whether an error has this code and a message like that. */
const failure =
	(code: ControlErrorCode, message: RegExp) =>
	(error: unknown): boolean => {
		assert.ok(error instanceof ControlError, String(error));
		assert.equal(error.code, code);
		assert.match(error.message, message);
		assert.ok(!error.message.includes(TOKEN));
		return true;
	};

const begin = (control: Control, signal = soon()) => control.begin({ holder: "operator" }, signal);

test("a wrong token is UNAUTHORIZED, and the operation is not reached", async (context) => {
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	let reached = 0;
	const control: Control = { ...idle, begin: async () => ({ epoch: ++reached, base: 0 }) };
	const authority = createAuthority();
	const server = createControlServer({
		control,
		token: TOKEN,
		tls: authority.issue(),
		report: () => assert.fail("reported"),
	});
	const url = await listen(server, stack);
	for (const token of [`${TOKEN}x`, TOKEN.slice(1), "", "x".repeat(10_000)]) {
		using remote = new RemoteControl({ url, token, ca: authority.ca });
		await assert.rejects(begin(remote), failure("UNAUTHORIZED", /token was refused/));
	}
	assert.equal(reached, 0);
	using remote = new RemoteControl({ url, token: TOKEN, ca: authority.ca });
	assert.deepEqual(await begin(remote), { epoch: 1, base: 0 });
});

test("a server that no trusted authority vouches for is not told the token", async (context) => {
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	const seen: (string | undefined)[] = [];
	const authority = createAuthority();
	const listener: RequestListener = (request, response) => {
		seen.push(request.headers.authorization);
		response.end();
	};
	const stranger = await listen(createTlsServer(createAuthority().issue(), listener), stack);
	const elsewhere = await listen(createTlsServer(authority.issue("elsewhere.example"), listener), stack);
	const plain = (await listen(createServer(listener), stack, "http")).replace("http:", "https:");
	for (const url of [stranger, elsewhere, plain]) {
		using remote = new RemoteControl({ url, token: TOKEN, ca: authority.ca });
		await assert.rejects(begin(remote), failure("UNAVAILABLE", /no answer/));
	}
	using remote = new RemoteControl({ url: stranger, token: TOKEN });
	await assert.rejects(begin(remote), failure("UNAVAILABLE", /no answer/));
	assert.deepEqual(seen, []);
});

test("the token is sent in the clear to loopback alone", () => {
	for (const url of ["http://registry.example:7443", "http://10.0.0.1:7443", "ftp://127.0.0.1/"]) {
		assert.throws(() => new RemoteControl({ url, token: TOKEN }), failure("INVALID", /expected https/));
	}
	for (const url of ["http://127.0.0.1:7443", "http://[::1]:7443", "https://registry.example:7443"]) {
		new RemoteControl({ url, token: TOKEN })[Symbol.dispose]();
	}
});

test("a redirect is not followed", async (context) => {
	const seen: (string | undefined)[] = [];
	const stack = new AsyncDisposableStack();
	context.after(() => stack.disposeAsync());
	const target = createServer((request, response) => {
		seen.push(request.headers.authorization);
		response.end('{"epoch":1,"base":0}');
	});
	const location = await listen(target, stack, "http");
	for (const status of [301, 302, 303, 307, 308]) {
		const remote = await remoteOf(context, (_request, response) => {
			response.writeHead(status, { Location: `${location}/control/v1/begin` }).end();
		});
		await assert.rejects(begin(remote), failure("UNAVAILABLE", /redirects are not followed/));
	}
	assert.deepEqual(seen, []);
});

test("a server that never answers is UNAVAILABLE after the timeout, and the connection is given up", async (context) => {
	const gone = Promise.withResolvers<void>();
	const remote = await remoteOf(context, (request) => request.socket.once("close", gone.resolve), { timeoutMs: 100 });
	await assert.rejects(begin(remote), failure("UNAVAILABLE", /no answer .* within 100 ms/));
	await gone.promise;
});

test("a server that stops in the midst of its answer is UNAVAILABLE after the timeout", async (context) => {
	const remote = await remoteOf(context, (_request, response) => response.writeHead(200).write('{"epoch":'), {
		timeoutMs: 100,
	});
	await assert.rejects(begin(remote), failure("UNAVAILABLE", /no answer .* within 100 ms/));
});

test("a run may take longer than other calls", async (context) => {
	const remote = await remoteOf(
		context,
		(_request, response) => setTimeout(() => response.end('{"ran":{"count":1}}'), 200),
		{ timeoutMs: 50 },
	);
	const run = { epoch: 1, feature: "sweep", id: "" };
	assert.deepEqual(await remote.run(run, soon()), { ran: { count: 1 } });
	await assert.rejects(begin(remote), failure("UNAVAILABLE", /within 50 ms/));
	const hasty = await remoteOf(context, () => undefined, { runTimeoutMs: 50 });
	await assert.rejects(hasty.run(run, soon()), failure("UNAVAILABLE", /within 50 ms/));
});

test("aborting ends a call with the signal's reason, before and in the midst of the answer", async (context) => {
	for (const head of [false, true]) {
		const asked = Promise.withResolvers<void>();
		const remote = await remoteOf(context, (_request, response) => {
			if (head) response.writeHead(200).write("{");
			asked.resolve();
		});
		const leaving = new AbortController();
		const calling = begin(remote, leaving.signal);
		await asked.promise;
		const reason = new Error("leaving");
		setTimeout(() => leaving.abort(reason), 20);
		await assert.rejects(calling, (error: unknown) => error === reason);
	}
});

test("a connection that is refused or cut is UNAVAILABLE", async (context) => {
	const cut = await remoteOf(context, (request) => request.socket.destroy());
	await assert.rejects(begin(cut), failure("UNAVAILABLE", /no answer/));
	const half = await remoteOf(context, (_request, response) => {
		response.writeHead(200, { "Content-Length": 100 }).write('{"epoch":1');
		setTimeout(() => response.destroy(), 20);
	});
	await assert.rejects(begin(half), failure("UNAVAILABLE", /no answer/));
	using nobody = new RemoteControl({ url: "http://127.0.0.1:1", token: TOKEN });
	await assert.rejects(begin(nobody), failure("UNAVAILABLE", /no answer/));
});

/** Answers that are not those of a data plane, or not good ones. */
const answers: readonly (readonly [
	does: string,
	status: number,
	body: string,
	code: ControlErrorCode,
	message: RegExp,
])[] = [
	["is a web page", 200, "<html>Welcome</html>", "UNAVAILABLE", /not what the contract says/],
	["lacks a field", 200, '{"epoch":1}', "UNAVAILABLE", /contract says: base/],
	["has a field of another type", 200, '{"epoch":"1","base":0}', "UNAVAILABLE", /contract says: epoch/],
	["is empty", 200, "", "UNAVAILABLE", /not what the contract says/],
	["knows no such operation", 404, '{"error":"no such operation"}', "UNAVAILABLE", /begin: no such operation/],
	["comes from a gateway", 502, "<html>Bad gateway</html>", "UNAVAILABLE", /begin: status 502/],
	["is busy", 503, '{"error":"the database is away"}', "UNAVAILABLE", /the database is away/],
	["finds the input wrong", 400, '{"error":"begin: holder: too small"}', "INVALID", /^begin: holder: too small$/],
	["finds the input too long", 413, "", "INVALID", /status 413/],
];

for (const [does, status, body, code, message] of answers) {
	test(`an answer that ${does} is ${code}`, async (context) => {
		const remote = await remoteOf(context, (_request, response) => response.writeHead(status).end(body));
		await assert.rejects(begin(remote), failure(code, message));
	});
}

test("an answer without end is given up", async (context) => {
	const remote = await remoteOf(context, (_request, response) => {
		const piece = Buffer.alloc(256 * 1024, " ");
		const more = () => {
			while (response.write(piece));
		};
		response.on("drain", more);
		more();
	});
	await assert.rejects(begin(remote), failure("UNAVAILABLE", /longer than 8388608 bytes/));
});

test("a connection is used again", async (context) => {
	const ports = new Set<number | undefined>();
	const remote = await remoteOf(context, (request, response) => {
		ports.add(request.socket.remotePort);
		request.resume().once("end", () => response.end('{"epoch":1,"base":0}'));
	});
	for (let i = 0; i < 5; i++) await begin(remote);
	assert.equal(ports.size, 1);
});
