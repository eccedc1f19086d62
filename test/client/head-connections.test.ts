import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { openRemoteRegistry } from "#/client/open-remote-registry.ts";
import { digestOf } from "#/oci/digest.ts";
import { impatient, loopback } from "../support/remote.ts";

const { signal } = new AbortController();
const digest = digestOf(Buffer.from("a manifest"));
const other = digestOf(Buffer.from("another"));

/** A registry whose answers are written as they are, and how many connections it was asked on. */
const openRaw = async (answer: (line: string) => string) => {
	const sockets = new Set<Socket>();
	let connections = 0;
	const server = createServer((socket) => {
		connections++;
		sockets.add(socket);
		socket.on("error", () => undefined);
		let text = "";
		socket.on("data", (bytes) => {
			text += bytes.toString("latin1");
			for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
				socket.write(answer(text.slice(0, text.indexOf("\r\n"))));
				text = text.slice(end + 4);
			}
		});
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const { port } = server.address() as AddressInfo;
	return {
		url: `http://127.0.0.1:${port}`,
		connections: () => connections,
		[Symbol.asyncDispose]: async () => {
			for (const socket of sockets) socket.destroy();
			server.close();
			await once(server, "close");
		},
	};
};

const head = (named: string, more = ""): string =>
	`HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${Buffer.byteLength(more) || 500}\r\nDocker-Content-Digest: ${named}\r\n\r\n`;

const answering =
	(answer: (line: string) => string) =>
	(line: string): string =>
		line.startsWith("GET /v2/ ") ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" : answer(line);

const open = (url: string) =>
	openRemoteRegistry({ egress: loopback, timing: impatient() }, { type: "Generic", url }, { connections: 1 });

test("manifests are asked for over the same connection", async () => {
	await using server = await openRaw(answering(() => head(digest)));
	await using registry = open(server.url);
	for (let i = 0; i < 20; i++) assert.equal(await registry.head("team/app", `v${i}`, signal), digest);
	assert.equal(server.connections(), 1);
});

test("a body that should not be there is never taken for the answer to the next question", async () => {
	const wrong = JSON.stringify({ schemaVersion: 2, text: `\r\n\r\n${head(other)}` });
	await using server = await openRaw(
		answering((line) => (line.includes("/v") && line.startsWith("HEAD") ? head(digest, wrong) + wrong : "")),
	);
	await using registry = open(server.url);
	for (let i = 0; i < 20; i++) assert.equal(await registry.head("team/app", `v${i}`, signal), digest);
});

test("a blob, whose bytes can be anything, is asked for over a connection that ends with the answer", async () => {
	await using server = await openRaw(answering(() => head(digest)));
	await using registry = open(server.url);
	for (let i = 0; i < 3; i++) assert.equal(await registry.hasBlob("team/app", digest, signal), true);
	assert.ok(server.connections() >= 3, `${server.connections()}`);
});
