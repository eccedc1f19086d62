import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createClientOf } from "#/http/client-of.ts";
import { createWebApp } from "#/http/web-app.ts";
import { openTestAuth, SERVICE, type TestAuth } from "../auth/test-auth.ts";
import { type Face, openFace } from "../support/v2-face.ts";

describe("what is not below /v2", () => {
	let test: TestAuth;
	let face: Face;
	const reported: unknown[] = [];
	let ready: () => Promise<string | undefined> = async () => undefined;
	let metrics = async () => ({ contentType: "text/plain; version=0.0.4; charset=utf-8", text: "up 1\n" });
	before(async () => {
		test = await openTestAuth();
		const { tokenService, keyring } = test.auth;
		const app = createWebApp({
			operations: {
				ready: () => ready(),
				metrics: () => metrics(),
				isStopping: () => face.stopping,
				report: (error) => reported.push(error),
			},
			showMetrics: true,
			token: {
				tokenService,
				keyring,
				service: SERVICE,
				observer: { observe: () => undefined },
				clientOf: createClientOf([]),
				requestId: () => "id",
			},
		});
		face = await openFace({ app });
	});
	after(async () => {
		await face[Symbol.asyncDispose]();
		test[Symbol.dispose]();
	});

	it("says that the process lives", async () => {
		const response = await face.fetch("/livez");
		assert.equal(response.status, 200);
		assert.equal(await response.text(), "ok\n");
		assert.equal((await face.fetch("/livez", { method: "HEAD" })).status, 200);
	});

	it("says whether it can serve, and the log why it cannot", async () => {
		assert.equal((await face.fetch("/readyz")).status, 200);
		ready = async () => "one thing";
		assert.equal(await (await face.fetch("/readyz")).text(), "not ready: one thing\n");
		assert.equal((await face.fetch("/readyz")).status, 503);
		ready = async () => {
			throw new Error("no answer from db.internal");
		};
		const response = await face.fetch("/readyz");
		assert.equal(response.status, 503);
		const text = await response.text();
		assert.match(text, /^not ready: /);
		assert.equal(text.includes("db.internal"), false);
		assert.match(String(reported), /db\.internal/);
		assert.equal((await face.fetch("/livez")).status, 200);
		ready = async () => undefined;
		assert.equal((await face.fetch("/readyz")).status, 200);
	});

	it("says that it is not ready while it stops, and lives", async () => {
		face.stopping = true;
		const response = await face.fetch("/readyz");
		assert.equal(response.status, 503);
		assert.equal(await response.text(), "stopping\n");
		assert.equal((await face.fetch("/livez")).status, 200);
		face.stopping = false;
	});

	it("gives metrics in the text format", async () => {
		const response = await face.fetch("/metrics");
		assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
		assert.equal(await response.text(), "up 1\n");
	});

	it("gives tokens", async () => {
		assert.equal((await face.fetch(`/token?service=${SERVICE}`)).status, 200);
	});

	for (const [path, allow] of [
		["/livez", "GET, HEAD"],
		["/readyz", "GET, HEAD"],
		["/metrics", "GET, HEAD"],
		["/token", "GET, HEAD, POST"],
		["/.well-known/jwks.json", "GET, HEAD"],
	] as const) {
		it(`answers 405 and names its methods: ${path}`, async () => {
			const response = await face.fetch(path, { method: "DELETE" });
			assert.equal(response.status, 405);
			assert.equal(response.headers.get("allow"), allow);
			assert.match(await response.text(), /"code":"UNSUPPORTED"/);
			assert.equal((await face.fetch(path, { method: "HEAD" })).status, 200);
		});
	}

	for (const path of [
		"/",
		"/v1/",
		"/v22",
		"/V2/",
		"/livez/x",
		"/%",
		"/%00",
		"/../etc/passwd",
		"//v2/",
		"/metrics%2f",
	]) {
		it(`has nothing at ${path}`, async () => {
			using connection = await face.connect();
			connection.request("GET", path);
			const { status, headers, body } = await connection.response();
			assert.ok(status === 404 || status === 400, `${status}`);
			assert.equal(headers["x-powered-by"], undefined);
			assert.equal(headers["x-content-type-options"], "nosniff");
			assert.equal(JSON.parse(body.toString()).errors[0].code, "UNSUPPORTED");
		});
	}

	it("does not show where it failed", async () => {
		metrics = async () => {
			throw new Error("secret");
		};
		const response = await face.fetch("/metrics");
		assert.equal(response.status, 500);
		const text = await response.text();
		assert.equal(text.includes("secret"), false);
		assert.equal(JSON.parse(text).errors[0].code, "UNKNOWN");
	});
});
