import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Part, sendBlob } from "#/http/v2/send-blob.ts";
import type { Chunk, OpenBlob } from "#/storage/blob-store.ts";
import { RawConnection } from "../../support/raw-http.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

const MIB = 1024 * 1024;
const SMALL = 32 * 1024;
const LARGE = 512 * 1024;

/** A blob that gives as much as it is asked for, and keeps account of it. */
class AccountedBlob implements OpenBlob {
	readonly content: Buffer;
	readonly sizes: number[] = [];
	/** Chunks given and not given back. */
	readonly lent = new Set<Chunk>();
	/** What to fail with after so many bytes. */
	failAfter: number | undefined;
	releases = 0;

	constructor(content: Buffer) {
		this.content = content;
	}

	get size(): number {
		return this.content.length;
	}

	get lentBytes(): number {
		return [...this.lent].reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
	}

	async *chunks(
		range: Part["range"],
		_signal: AbortSignal,
		sizeHint: () => number = () => LARGE,
	): AsyncGenerator<Chunk> {
		const { start, end } = range ?? { start: 0, end: this.size - 1 };
		for (let at = start; at <= end; ) {
			if (this.failAfter !== undefined && at >= this.failAfter) throw new Error("the disk is gone");
			// As from a disk: not within the same turn.
			await new Promise((resolve) => setImmediate(resolve));
			const bytes = this.content.subarray(at, Math.min(at + sizeHint(), end + 1));
			this.sizes.push(bytes.length);
			at += bytes.length;
			const chunk: Chunk = {
				bytes,
				release: () => {
					assert.ok(this.lent.delete(chunk), "given back twice");
					this.releases += 1;
				},
			};
			this.lent.add(chunk);
			yield chunk;
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {}
}

interface Sending {
	readonly port: number;
	readonly server: Server;
	/** How each response ended, in the order of their ends. */
	readonly ends: unknown[];
}

const serve = async (test: TestContext, blob: AccountedBlob, parts: readonly Part[] = [{ range: undefined }]) => {
	const ends: unknown[] = [];
	const server = createServer((_request, response) => {
		const controller = new AbortController();
		response.once("close", () => {
			if (!response.writableFinished) controller.abort();
		});
		const length = parts.reduce(
			(sum, { range }) => sum + (range === undefined ? blob.size : range.end - range.start + 1),
			0,
		);
		response.writeHead(200, { "content-length": length });
		sendBlob(response, blob, parts, "", controller.signal).then(
			() => ends.push(undefined),
			(error: unknown) => ends.push(error),
		);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	test.after(() => {
		server.closeAllConnections();
		server.close();
	});
	const sending: Sending = { port: (server.address() as AddressInfo).port, server, ends };
	return sending;
};

const until = async (isSo: () => boolean): Promise<void> => {
	for (let i = 0; i < 2_000 && !isSo(); i++) await sleep(5);
	assert.ok(isSo());
};

const content = randomBytes(seededRandom(7), 48 * MIB);

describe("sendBlob", () => {
	it("sends every byte in order, in large pieces, to a peer that is fast", async (test) => {
		const blob = new AccountedBlob(content);
		const { port, ends } = await serve(test, blob);
		using connection = await RawConnection.open(port);
		connection.request("GET", "/");
		const { body } = await connection.response();
		assert.equal(body.compare(content), 0);
		await until(() => ends.length === 1);
		assert.deepEqual(ends, [undefined]);
		assert.deepEqual(new Set(blob.sizes), new Set([LARGE]));
		assert.equal(blob.lent.size, 0);
	});

	it("sends the parts that are asked for, with what goes before each and after all", async (test) => {
		const blob = new AccountedBlob(content);
		const { port } = await serve(test, blob, [
			{ range: { start: 5, end: 9 } },
			{ range: { start: 100_000, end: 300_000 } },
		]);
		using connection = await RawConnection.open(port);
		connection.request("GET", "/");
		const { body } = await connection.response();
		assert.equal(body.compare(Buffer.concat([content.subarray(5, 10), content.subarray(100_000, 300_001)])), 0);
	});

	it("keeps nothing while a peer takes nothing at all", async (test) => {
		const blob = new AccountedBlob(content);
		const { port } = await serve(test, blob);
		using connection = await RawConnection.open(port);
		connection.socket.pause();
		connection.request("GET", "/");
		let before = -1;
		while (before !== blob.sizes.length) {
			before = blob.sizes.length;
			await sleep(200);
		}
		assert.equal(blob.lentBytes, 0);
		assert.ok(blob.sizes.length < 20);
	});

	it("keeps no more than one small piece for a peer that takes a little now and then", async (test) => {
		const blob = new AccountedBlob(content);
		const { port } = await serve(test, blob);
		const socket = connect({ port, host: "127.0.0.1" });
		test.after(() => socket.destroy());
		socket.on("readable", () => undefined);
		socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
		await sleep(300);
		const first = blob.sizes.length;
		let most = 0;
		for (let i = 0; i < 60; i++) {
			socket.read(Math.min(200_000, socket.readableLength));
			await sleep(30);
			most = Math.max(most, blob.lentBytes);
		}
		assert.ok(most > 0 && most <= SMALL, `${most} bytes were lent`);
		assert.deepEqual(new Set(blob.sizes.slice(first)), new Set([SMALL]));
	});

	it("falls back to small pieces when a fast peer gets slow", async (test) => {
		const blob = new AccountedBlob(content);
		const { port } = await serve(test, blob);
		using connection = await RawConnection.open(port);
		connection.request("GET", "/");
		await until(() => blob.sizes.at(-1) === LARGE);
		connection.socket.pause();
		await sleep(300);
		const stalled = blob.sizes.length;
		connection.socket.resume();
		await until(() => blob.sizes.length > stalled + 2);
		assert.equal(blob.sizes[stalled + 2], SMALL);
	});

	it("gives everything back when the peer goes away", async (test) => {
		const blob = new AccountedBlob(content);
		const { port, ends } = await serve(test, blob);
		const connection = await RawConnection.open(port);
		connection.socket.pause();
		connection.request("GET", "/");
		await sleep(200);
		connection.socket.destroy();
		await until(() => ends.length === 1);
		assert.ok(ends[0] instanceof Error);
		await until(() => blob.lent.size === 0);
		assert.equal(blob.releases, blob.sizes.length);
	});

	it("gives everything back when the peer goes away before its turn in a row of requests", async (test) => {
		const blob = new AccountedBlob(content);
		const { port, ends } = await serve(test, blob);
		const connection = await RawConnection.open(port);
		connection.socket.pause();
		for (let i = 0; i < 3; i++) connection.request("GET", "/");
		await sleep(200);
		connection.socket.destroy();
		await until(() => ends.length === 3);
		await until(() => blob.lent.size === 0);
		assert.equal(blob.releases, blob.sizes.length);
	});

	it("destroys the response before it gives back what was being sent, when the store fails", async (test) => {
		const blob = new AccountedBlob(content);
		blob.failAfter = 20 * MIB;
		const { port, ends } = await serve(test, blob);
		using connection = await RawConnection.open(port);
		connection.request("GET", "/");
		await connection.closed;
		await until(() => ends.length === 1);
		assert.match(String(ends[0]), /the disk is gone/);
		assert.equal(blob.lent.size, 0);
		assert.ok(connection.received.length < content.length);
	});
});
