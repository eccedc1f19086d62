// A thousand clients that pull a large blob slowly cost the registry little, and nobody else anything.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

const MIB = 1024 * 1024;
const CONNECTIONS = 1_000;
const BLOB_BYTES = 256 * MIB;
/** The bound that the registry promises: what it shares, and what each connection may cost. */
const ALLOWED = 64 * MIB + CONNECTIONS * 128 * 1024;

it("serves a thousand slow pulls within its memory, and a fast one beside them", async (test) => {
	await using limani = await startLimani();
	const path = await pushBlob(limani);
	await pull(limani, path);
	await sleep(500);
	const base = residentBytes(limani);
	const sockets = await slowPulls(test, limani, path);
	let most = 0;
	for (let i = 0; i < 20; i++) {
		// Each takes a little now and then, some more than others.
		for (const [index, socket] of sockets.entries()) if (index % 20 === i) socket.read(64 * 1024);
		await sleep(250);
		most = Math.max(most, residentBytes(limani));
	}
	const began = sockets.filter(({ bytesRead }) => bytesRead > 0).length;
	const since = performance.now();
	assert.equal(await pull(limani, path), BLOB_BYTES);
	const seconds = (performance.now() - since) / 1_000;
	most = Math.max(most, residentBytes(limani));
	const kib = Math.round((most - base) / CONNECTIONS / 1024);
	test.diagnostic(
		`base ${toMib(base)} MiB, at most ${toMib(most)} MiB: ${kib} KiB a connection; 256 MiB in ${seconds} s`,
	);
	assert.equal(began, CONNECTIONS);
	assert.ok(most - base <= ALLOWED, `${toMib(most - base)} MiB more, at most ${toMib(ALLOWED)}`);
	assert.ok(seconds < 30);
});

const toMib = (bytes: number): number => Math.round(bytes / MIB);

const residentBytes = ({ child }: LimaniProcess): number => {
	const [, kib = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
	return Number(kib) * 1024;
};

const pushBlob = async ({ url }: LimaniProcess): Promise<string> => {
	const piece = randomBytes(seededRandom(1), MIB);
	const hash = createHash("sha256");
	for (let sent = 0; sent < BLOB_BYTES; sent += MIB) hash.update(piece);
	const digest = `sha256:${hash.digest("hex")}`;
	const body = new ReadableStream({
		start(controller) {
			for (let sent = 0; sent < BLOB_BYTES; sent += MIB) controller.enqueue(piece);
			controller.close();
		},
	});
	const response = await fetch(`${url}/v2/team/large/blobs/uploads/?digest=${digest}`, {
		method: "POST",
		headers: { authorization: ADMIN_AUTHORIZATION },
		body,
		duplex: "half",
	});
	assert.equal(response.status, 201);
	return `/v2/team/large/blobs/${digest}`;
};

/** Pulls as fast as it can; how many bytes came. */
const pull = async ({ url }: LimaniProcess, path: string): Promise<number> => {
	const response = await fetch(`${url}${path}`, { headers: { authorization: ADMIN_AUTHORIZATION } });
	assert.equal(response.status, 200);
	let bytes = 0;
	for await (const piece of response.body ?? []) bytes += piece.byteLength;
	return bytes;
};

/** Connections that asked for the blob and take nothing of it by themselves. */
const slowPulls = async (test: TestContext, { address }: LimaniProcess, path: string): Promise<readonly Socket[]> => {
	const port = Number(address.split(":")[1]);
	const sockets: Socket[] = [];
	test.after(() => {
		for (const socket of sockets) socket.destroy();
	});
	while (sockets.length < CONNECTIONS) {
		const batch = Array.from({ length: 50 }, () => connect({ port, host: "127.0.0.1" }));
		sockets.push(...batch);
		await Promise.all(batch.map((socket) => once(socket, "connect")));
		for (const socket of batch) {
			socket.on("error", () => undefined);
			// Listening to this, a socket reads no further ahead than it must.
			socket.on("readable", () => undefined);
			socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: ${ADMIN_AUTHORIZATION}\r\n\r\n`);
		}
	}
	return sockets;
};
