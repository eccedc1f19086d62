import assert from "node:assert/strict";
import { request as requestTls } from "node:https";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { createAuthority } from "../support/certificates.ts";
import type { RawResponse } from "../support/raw-http.ts";
import { pushBlob } from "../support/registry.ts";
import { openFace } from "../support/v2-face.ts";

/** The code of a refusal in the specification's form. */
const codeOf = ({ headers, body }: RawResponse): unknown => {
	assert.equal(headers["content-type"], "application/json; charset=utf-8");
	const { errors } = JSON.parse(body.toString());
	assert.equal(typeof errors[0].message, "string");
	return errors[0].code;
};

const ABSENT = digestOf(Buffer.from("absent"));

describe("the server's limits", () => {
	it("refuse headers that are too large with 431", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		connection.request("GET", "/v2/", { "x-large": "x".repeat(20_000) });
		const response = await connection.response();
		assert.equal(response.status, 431);
		assert.equal(codeOf(response), "UNSUPPORTED");
		await connection.closed;
	});

	it("refuse a target that is too long with 414", async () => {
		await using face = await openFace();
		for (const target of [`/v2/${"a".repeat(9_000)}`, `/${"a".repeat(9_000)}`, `/v2/?${"a".repeat(9_000)}`]) {
			using connection = await face.connect();
			connection.request("GET", target);
			const response = await connection.response();
			assert.equal(response.status, 414);
			assert.equal(response.headers.connection, "close");
			assert.equal(codeOf(response), "UNSUPPORTED");
			await connection.closed;
		}
		assert.equal((await face.fetch(`/v2/?${"a".repeat(8_000)}`)).status, 200);
	});

	it("tell a client of a target that is too long, whatever it asks for or still sends", async () => {
		await using face = await openFace();
		const target = `/v2/${"a".repeat(9_000)}`;
		using head = await face.connect();
		head.request("HEAD", target);
		const { status, headers, body } = await head.response({ head: true });
		assert.deepEqual([status, body.length], [414, 0]);
		assert.ok(Number(headers["content-length"]) > 0);
		await head.closed;
		using sending = await face.connect();
		sending.request("PUT", target, { "content-length": 1_000_000 });
		sending.send(Buffer.alloc(500_000));
		assert.equal((await sending.response()).status, 414);
		sending.send(Buffer.alloc(500_000));
		await sending.closed;
		using asking = await face.connect();
		asking.request("PUT", target, { "content-length": 1_000_000, expect: "100-continue" });
		assert.equal((await asking.response()).status, 414);
		await asking.closed;
	});

	it("end a connection whose headers do not come to an end with 408", async () => {
		await using face = await openFace({ limits: { headersMs: 300 } });
		for (const start of ["", "GET /v2/ HTTP/1.1\nhost: x\n"]) {
			using connection = await face.connect();
			connection.send(start);
			const drip = setInterval(() => start !== "" && connection.send("x-drip: 1\n"), 50);
			const response = await connection.response();
			assert.equal(response.status, 408);
			assert.equal(codeOf(response), "REQUEST_TIMEOUT");
			clearInterval(drip);
			await connection.closed;
		}
	});

	it("close a connection that nobody uses", async () => {
		await using face = await openFace({ limits: { keepAliveMs: 100 } });
		using connection = await face.connect();
		connection.request("GET", "/v2/");
		assert.equal((await connection.response()).status, 200);
		await connection.closed;
	});

	it("cut off a client that does not take what it asked for", async () => {
		await using face = await openFace({ limits: { stallMs: 300 } });
		const digest = await pushBlob(face.instance, "p/app", Buffer.alloc(32 * 1024 * 1024));
		using connection = await face.connect();
		connection.request("GET", `/v2/p/app/blobs/${digest}`);
		connection.socket.pause();
		while (face.records.length === 0) await sleep(10);
		assert.equal(face.records[0]?.status, 200);
		assert.ok(face.records[0]?.error instanceof Error);
		assert.ok((face.records[0]?.seconds ?? 0) < 5);
		connection.socket.resume();
		await connection.closed;
	});

	it("refuse connections beyond the number allowed, and take them again when there is room", async () => {
		await using face = await openFace({ limits: { maxConnections: 2 } });
		{
			using one = await face.connect();
			using two = await face.connect();
			using three = await face.connect();
			await three.closed;
			one.request("GET", "/v2/");
			two.request("GET", "/v2/");
			assert.equal((await one.response()).status, 200);
			assert.equal((await two.response()).status, 200);
		}
		await sleep(50);
		using again = await face.connect();
		again.request("GET", "/v2/");
		assert.equal((await again.response()).status, 200);
	});
});

describe("a connection", () => {
	const failures: readonly (readonly [what: string, method: string, target: string, status: number])[] = [
		["of an endpoint that is not there", "POST", "/v2/p/app/nowhere", 404],
		["of a method that is not there", "POST", "/v2/p/app/tags/list", 405],
		["of an upload that is not there", "PATCH", "/v2/p/app/blobs/uploads/none", 404],
		["of a malformed manifest", "PUT", "/v2/p/app/manifests/x", 400],
		["of a wrong digest", "POST", `/v2/p/app/blobs/uploads/?digest=${ABSENT}`, 400],
	];
	for (const [what, method, target, status] of failures) {
		it(`serves the next request after the refusal ${what}, body read or not`, async () => {
			await using face = await openFace();
			using connection = await face.connect();
			connection.request(method, target, { "content-length": 4 });
			connection.send("body");
			connection.request("GET", "/v2/_catalog");
			const refusal = await connection.response();
			assert.equal(refusal.status, status);
			if (refusal.headers.connection === "close") {
				await connection.closed;
				return;
			}
			const next = await connection.response();
			assert.equal(next.status, 200);
			assert.deepEqual(JSON.parse(next.body.toString()), { repositories: [] });
		});
	}

	it("never takes an unread body for a request", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		const smuggled = "GET /v2/_catalog HTTP/1.1\r\nhost: x\r\n\r\n";
		connection.request("PATCH", "/v2/p/app/blobs/uploads/none", { "content-length": smuggled.length });
		connection.send(Buffer.from(smuggled));
		assert.equal((await connection.response()).status, 404);
		await sleep(50);
		assert.deepEqual(
			face.records.map(({ route }) => route),
			["upload"],
		);
	});

	it("takes requests one after another that were sent at once, and answers in their order", async () => {
		await using face = await openFace();
		const digest = await pushBlob(face.instance, "p/app", "pipelined");
		using connection = await face.connect();
		connection.request("GET", `/v2/p/app/blobs/${digest}`);
		connection.request("GET", "/v2/p/app/nowhere");
		connection.request("GET", "/v2/");
		assert.equal((await connection.response()).body.toString(), "pipelined");
		assert.equal((await connection.response()).status, 404);
		assert.equal((await connection.response()).status, 200);
	});

	it("may name the server in its targets, as to a proxy", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		for (const target of ["http://registry.test/v2/", "HTTPS://other:5000/v2/?x", "http://registry.test/v2/_catalog"]) {
			connection.request("GET", target);
			assert.equal((await connection.response()).status, 200, target);
		}
		for (const target of ["http://registry.test", "*"]) {
			connection.request("OPTIONS", target);
			assert.equal((await connection.response()).status, 404, target);
		}
	});

	it("takes HTTP/1.0, where nobody expects to be asked for a body", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		const target = `/v2/p/app/blobs/uploads/?digest=${digestOf(Buffer.from("old"))}`;
		connection.send(`POST ${target} HTTP/1.0\nexpect: 100-continue\ncontent-length: 3\n\nold`);
		assert.equal((await connection.response()).status, 201);
		await connection.closed;
	});

	for (const [what, text, status] of [
		["no HTTP", "\u0016\u0003\u0001\n\n", 400],
		["a broken method", "G@T /v2/ HTTP/1.1\n\n", 400],
		["no host", "GET /v2/ HTTP/1.1\n\n", 400],
		["a NUL in a header", "GET /v2/ HTTP/1.1\nhost: x\nx: a\0b\n\n", 400],
		["two lengths", "POST /v2/ HTTP/1.1\nhost: x\ncontent-length: 1\ncontent-length: 2\n\n", 400],
		["a length and chunks", "POST /v2/ HTTP/1.1\nhost: x\ncontent-length: 1\ntransfer-encoding: chunked\n\n", 400],
		["an unknown coding", "POST /v2/ HTTP/1.1\nhost: x\ntransfer-encoding: gzip\n\n", 400],
		["another expectation", "GET /v2/ HTTP/1.1\nhost: x\nexpect: tea\n\n", 417],
	] as const) {
		it(`is told so when it sends ${what}`, async () => {
			await using face = await openFace();
			using connection = await face.connect();
			connection.send(text);
			const response = await connection.response();
			assert.equal(response.status, status);
			assert.equal(codeOf(response), "UNSUPPORTED");
			await connection.closed;
			assert.equal((await face.fetch("/v2/")).status, 200);
		});
	}

	it("is told when a chunk of its body is malformed, and what came is kept", async () => {
		await using face = await openFace();
		const { headers } = await face.fetch("/v2/p/app/blobs/uploads/", { method: "POST" });
		const location = headers.get("location") ?? "";
		using connection = await face.connect();
		connection.request("PATCH", location, { "transfer-encoding": "chunked" });
		connection.send("5\nbytes\n");
		while (face.harness.objects.get("default")?.staged.size === 0) await sleep(5);
		connection.send("xyz\n");
		assert.equal((await connection.response()).status, 400);
		await connection.closed;
		while (face.records.length < 2) await sleep(5);
		assert.equal((await face.fetch(location)).headers.get("range"), "0-4");
	});

	it("is not used again after an offer to speak another protocol, which is not taken up", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		connection.request("GET", "/v2/", { connection: "upgrade, http2-settings", upgrade: "h2c", "http2-settings": "x" });
		const { status, headers } = await connection.response();
		assert.equal(status, 200);
		assert.equal(headers.connection, "close");
		await connection.closed;
	});

	it("is cut off rather than answered amid a blob when it sends no HTTP", async () => {
		await using face = await openFace();
		const content = Buffer.alloc(32 * 1024 * 1024, "x");
		const digest = await pushBlob(face.instance, "p/app", content);
		using connection = await face.connect();
		connection.request("GET", `/v2/p/app/blobs/${digest}`);
		connection.socket.pause();
		await sleep(100);
		connection.send("this is no request\n\n");
		await sleep(100);
		connection.socket.resume();
		await connection.closed;
		assert.equal(connection.received.includes("400 Bad Request"), false);
		assert.ok(connection.received.length < content.length);
	});

	it("may be encrypted, and is drained all the same", async () => {
		const authority = createAuthority();
		await using face = await openFace({ tls: authority.issue() });
		const digest = await pushBlob(face.instance, "p/app", Buffer.alloc(1_000_000, "x"));
		const response = await new Promise<string>((resolve, reject) => {
			const path = `/v2/p/app/blobs/${digest}`;
			requestTls({ host: "127.0.0.1", port: face.port, path, ca: authority.ca }, (incoming) => {
				let size = 0;
				incoming.on("data", (piece: Buffer) => {
					size += piece.length;
				});
				incoming.once("end", () => resolve(`${incoming.statusCode} ${size}`));
				incoming.once("error", reject);
				// Slowly, so that the drain finds it under way.
				incoming.pause();
				void face.drain(10_000);
				setTimeout(() => incoming.resume(), 300);
			})
				.once("error", reject)
				.end();
		});
		assert.equal(response, "200 1000000");
	});
});

describe("a drain", () => {
	it("ends idle connections and silent ones at once, and waits for those at work", async () => {
		await using face = await openFace();
		const { headers } = await face.fetch("/v2/p/app/blobs/uploads/", { method: "POST" });
		using idle = await face.connect();
		idle.request("GET", "/v2/");
		await idle.response();
		using silent = await face.connect();
		using upload = await face.connect();
		upload.request("PATCH", headers.get("location") ?? "", { "content-length": 10 });
		upload.send("12345");
		await sleep(50);
		face.stopping = true;
		let isDrained = false;
		const drained = face.drain(20_000).then(() => {
			isDrained = true;
		});
		await Promise.all([idle.closed, silent.closed]);
		assert.equal(isDrained, false);
		await assert.rejects(face.connect());
		upload.send("67890");
		const answer = await upload.response();
		assert.equal(answer.status, 202);
		assert.equal(answer.headers.connection, "close");
		await drained;
	});

	it("ends a connection that was told to stay, once its answer is out", async () => {
		await using face = await openFace();
		const digest = await pushBlob(face.instance, "p/app", Buffer.alloc(32 * 1024 * 1024));
		using connection = await face.connect();
		connection.request("GET", `/v2/p/app/blobs/${digest}`);
		await sleep(50);
		connection.socket.pause();
		const drained = face.drain(20_000);
		connection.socket.resume();
		const { headers, body } = await connection.response();
		assert.equal(headers.connection, "keep-alive");
		assert.equal(body.length, 32 * 1024 * 1024);
		const since = performance.now();
		await drained;
		assert.ok(performance.now() - since < 5_000);
	});

	it("cuts off what does not end in time", async () => {
		await using face = await openFace();
		const { headers } = await face.fetch("/v2/p/app/blobs/uploads/", { method: "POST" });
		using upload = await face.connect();
		upload.request("PATCH", headers.get("location") ?? "", { "content-length": 10 });
		upload.send("12345");
		await sleep(50);
		const since = performance.now();
		await face.drain(300);
		assert.ok(performance.now() - since < 5_000);
		await upload.closed;
	});
});
