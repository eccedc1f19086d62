import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { pullBlob, pushBlob } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const UPLOADS = "/v2/p/app/blobs/uploads/";
const digest = (text: string): Digest => digestOf(Buffer.from(text));

const begin = async (face: Face, query = ""): Promise<string> => {
	const response = await face.fetch(`${UPLOADS}${query}`, { method: "POST" });
	assert.equal(response.status, 202);
	const location = response.headers.get("location") ?? "";
	assert.match(location, /^\/v2\/p\/app\/blobs\/uploads\/[\w-]+$/);
	assert.equal(location.split("/").at(-1), response.headers.get("docker-upload-uuid"));
	assert.equal(response.headers.get("range"), "0-0");
	assert.equal(response.headers.get("content-length"), "0");
	return location;
};

const patch = (face: Face, location: string, body: string, range?: string): Promise<Response> =>
	face.fetch(location, { method: "PATCH", body, headers: range === undefined ? {} : { "content-range": range } });

const finish = (face: Face, location: string, of: string, body = "", range?: string): Promise<Response> =>
	face.fetch(`${location}?digest=${digest(of)}`, {
		method: "PUT",
		...(body === "" ? {} : { body }),
		headers: range === undefined ? {} : { "content-range": range },
	});

const assertPosition = (response: Response, status: number, location: string, range: string): void => {
	assert.equal(response.status, status);
	assert.equal(response.headers.get("location"), location);
	assert.equal(response.headers.get("range"), range);
	assert.equal(response.headers.get("docker-upload-uuid"), location.split("/").at(-1));
};

const codeOf = async (response: Response): Promise<unknown> => JSON.parse(await response.text()).errors[0].code;

describe("uploads over HTTP", () => {
	it("take a blob whole with POST and a digest", async () => {
		await using face = await openFace();
		const response = await face.fetch(`${UPLOADS}?digest=${digest("whole")}`, { method: "POST", body: "whole" });
		assert.equal(response.status, 201);
		assert.equal(response.headers.get("location"), `/v2/p/app/blobs/${digest("whole")}`);
		assert.equal(response.headers.get("docker-content-digest"), digest("whole"));
		assert.equal((await pullBlob(face.instance, "p/app", digest("whole"))).toString(), "whole");
	});

	it("take a blob with POST, then PUT", async () => {
		await using face = await openFace();
		const response = await finish(face, await begin(face), "monolith", "monolith");
		assert.equal(response.status, 201);
		assert.equal(response.headers.get("location"), `/v2/p/app/blobs/${digest("monolith")}`);
		assert.equal((await pullBlob(face.instance, "p/app", digest("monolith"))).toString(), "monolith");
		await face.harness.assertSound();
	});

	it("take a blob in chunks, with and without ranges, and tell how far they are", async () => {
		await using face = await openFace();
		const location = await begin(face);
		assertPosition(await face.fetch(location), 204, location, "0-0");
		assertPosition(await patch(face, location, "one ", "0-3"), 202, location, "0-3");
		assertPosition(await face.fetch(location, { method: "HEAD" }), 204, location, "0-3");
		assertPosition(await patch(face, location, "two "), 202, location, "0-7");
		assertPosition(await patch(face, location, "three ", "bytes 8-13/*"), 202, location, "0-13");
		assert.equal((await finish(face, location, "one two three end", "end", "14-16")).status, 201);
		assert.equal((await pullBlob(face.instance, "p/app", digest("one two three end"))).toString(), "one two three end");
		assert.equal((await face.fetch(location)).status, 404);
	});

	it("answer a chunk out of order with 416 and where the upload is, and then go on", async () => {
		await using face = await openFace();
		const location = await begin(face);
		for (const range of ["4-7", "100-103"]) {
			const response = await patch(face, location, "four", range);
			assertPosition(response, 416, location, "0-0");
			assert.equal(await codeOf(response), "RANGE_INVALID");
		}
		await patch(face, location, "zero", "0-3");
		assertPosition(await patch(face, location, "zero", "0-3"), 416, location, "0-3");
		assertPosition(await finish(face, location, "zerofour", "four", "5-8"), 416, location, "0-3");
		assert.equal((await finish(face, location, "zerofour", "four", "4-7")).status, 201);
	});

	for (const range of ["x", "3-1", "-3", "0-"]) {
		it(`refuse a malformed Content-Range and tell where the upload is: ${range}`, async () => {
			await using face = await openFace();
			const location = await begin(face);
			await patch(face, location, "zero");
			assertPosition(await patch(face, location, "four", range), 416, location, "0-3");
			assertPosition(await finish(face, location, "zerofour", "four", range), 416, location, "0-3");
			assert.equal((await patch(face, `${UPLOADS}unknown`, "four", range)).status, 404);
			assert.equal((await finish(face, location, "zerofour", "four", "4-7")).status, 201);
		});
	}

	it("refuse a chunk that is not as long as its range, and keep nothing of it", async () => {
		await using face = await openFace();
		const location = await begin(face);
		for (const range of ["0-9", "0-1"]) {
			const response = await patch(face, location, "four", range);
			assert.equal(response.status, 400);
			assert.equal(await codeOf(response), "SIZE_INVALID");
		}
		assertPosition(await face.fetch(location), 204, location, "0-0");
		assert.equal((await finish(face, location, "four", "four")).status, 201);
	});

	it("end with a digest that is not the content's, and nothing stays", async () => {
		await using face = await openFace();
		const location = await begin(face);
		const response = await finish(face, location, "else", "content");
		assert.equal(response.status, 400);
		assert.equal(await codeOf(response), "DIGEST_INVALID");
		assert.equal((await face.fetch(location)).status, 404);
		await face.harness.assertSound();
		assert.equal(face.harness.objects.get("default")?.finished.size, 0);
		assert.equal(face.harness.objects.get("default")?.staged.size, 0);
	});

	it("are cancelled, once", async () => {
		await using face = await openFace();
		const location = await begin(face);
		await patch(face, location, "bytes");
		assert.equal((await face.fetch(location, { method: "DELETE" })).status, 204);
		assert.equal((await face.fetch(location, { method: "DELETE" })).status, 404);
		assert.equal((await patch(face, location, "more")).status, 404);
		await face.harness.assertSound();
	});

	it("hash as the client says at the start, or in the end", async () => {
		await using face = await openFace();
		const sha512 = digestOf(Buffer.from("long"), "sha512");
		for (const query of ["?digest-algorithm=sha512", ""]) {
			const location = await begin(face, query);
			await patch(face, location, "lo");
			const response = await face.fetch(`${location}?digest=${sha512}`, { method: "PUT", body: "ng" });
			assert.equal(response.status, 201);
			assert.equal(response.headers.get("docker-content-digest"), sha512);
		}
	});

	it("belong to their repository", async () => {
		await using face = await openFace();
		const elsewhere = (await begin(face)).replace("p/app", "p/other");
		assert.equal((await face.fetch(elsewhere)).status, 404);
		assert.equal((await patch(face, elsewhere, "x")).status, 404);
		assert.equal((await finish(face, elsewhere, "")).status, 404);
	});

	it("mount a blob from where it is, and begin an upload where it is not", async () => {
		await using face = await openFace();
		const known = await pushBlob(face.instance, "p/source", "shared");
		const mount = (query: string): Promise<Response> => face.fetch(`${UPLOADS}?${query}`, { method: "POST" });
		for (const query of [`mount=${known}&from=p/source`, `mount=${known}`]) {
			const mounted = await mount(query);
			assert.equal(mounted.status, 201);
			assert.equal(mounted.headers.get("location"), `/v2/p/app/blobs/${known}`);
			assert.equal(mounted.headers.get("docker-content-digest"), known);
		}
		for (const query of [
			`mount=${digest("unknown")}&from=p/source`,
			`mount=${known}&from=p/none`,
			`mount=${known}&from=../p/source`,
			`mount=${known}&from=%20`,
			`mount=${digest("unknown")}`,
		]) {
			const begun = await mount(query);
			assert.equal(begun.status, 202, query);
			assert.match(begun.headers.get("location") ?? "", /\/uploads\/[\w-]+$/);
		}
	});

	it("are answered 429 when there are too many at once, with a time to come back", async () => {
		await using face = await openFace({ instance: { limits: { concurrentUploads: 1 } } });
		const location = await begin(face);
		using connection = await face.connect();
		connection.request("PATCH", location, { "content-length": 10 });
		connection.send("12345");
		while (face.harness.objects.get("default")?.staged.size === 0)
			await new Promise((resolve) => setImmediate(resolve));
		const refused = await face.fetch(`${UPLOADS}?digest=${digest("x")}`, { method: "POST", body: "x" });
		assert.equal(refused.status, 429);
		assert.equal(refused.headers.get("retry-after"), "1");
		assert.equal(await codeOf(refused), "TOOMANYREQUESTS");
		connection.send("67890");
		assert.equal((await connection.response()).status, 202);
		assert.equal((await finish(face, location, "1234567890")).status, 201);
	});

	it("are answered 507 when the store is full, and go on when it is not any more", async () => {
		let isFull = true;
		await using face = await openFace({
			instance: {
				store: async (method) => {
					if (isFull && method === "writer.append") throw new StoreError("FULL", "no space left");
					return undefined;
				},
			},
		});
		const location = await begin(face);
		const response = await patch(face, location, "bytes");
		assert.equal(response.status, 507);
		assert.equal(await codeOf(response), "STORAGE_FULL");
		isFull = false;
		assertPosition(await face.fetch(location), 204, location, "0-0");
		assert.equal((await finish(face, location, "bytes", "bytes")).status, 201);
		await face.harness.assertSound();
	});
});

describe("uploads of clients that go away or wait", () => {
	it("keep what came before the connection broke, and go on from there", async () => {
		await using face = await openFace();
		const location = await begin(face);
		{
			using connection = await face.connect();
			connection.request("PATCH", location, { "content-length": 100 });
			connection.send("halfway");
			while (face.harness.objects.get("default")?.staged.size === 0)
				await new Promise((resolve) => setImmediate(resolve));
		}
		while (face.records.at(-1)?.request.method !== "PATCH") await new Promise((resolve) => setImmediate(resolve));
		assert.equal(face.records.at(-1)?.status, 499);
		assertPosition(await face.fetch(location), 204, location, "0-6");
		assertPosition(await patch(face, location, " there", "7-12"), 202, location, "0-12");
		assert.equal((await finish(face, location, "halfway there")).status, 201);
	});

	it("ask for the body only when they are about to take it", async () => {
		await using face = await openFace();
		const location = await begin(face);
		using connection = await face.connect();
		connection.request("PATCH", location, { "content-length": 5, expect: "100-continue" });
		assert.equal((await connection.response()).status, 100);
		connection.send("bytes");
		const { status, headers } = await connection.response();
		assert.equal(status, 202);
		assert.equal(headers.range, "0-4");
		assert.notEqual(headers.connection, "close");
	});

	for (const [what, target, headers, status] of [
		["out of order", "", { "content-range": "5-9" }, 416],
		["of no upload", "gone", {}, 404],
	] as const) {
		it(`do not ask for the body of a chunk ${what}`, async () => {
			await using face = await openFace();
			const location = `${await begin(face)}${target}`;
			using connection = await face.connect();
			connection.request("PATCH", location, { "content-length": 5, expect: "100-continue", ...headers });
			const response = await connection.response();
			assert.equal(response.status, status);
			assert.equal(response.headers.connection, "close");
			await connection.closed;
		});
	}

	it("are refused in words that arrive, however much the client goes on sending", async () => {
		await using face = await openFace();
		using connection = await face.connect();
		const piece = Buffer.alloc(1024 * 1024);
		connection.request("PATCH", `${UPLOADS}none`, { "content-length": 32 * piece.length });
		for (let i = 0; i < 32; i++) connection.send(piece);
		const response = await connection.response();
		assert.equal(response.status, 404);
		assert.equal(JSON.parse(response.body.toString()).errors[0].code, "BLOB_UPLOAD_UNKNOWN");
		assert.equal(response.headers.connection, "close");
		await connection.closed;
	});

	it("are answered 408 when the client stops sending, and what came is kept", async () => {
		await using face = await openFace({ limits: { stallMs: 200 } });
		const location = await begin(face);
		using connection = await face.connect();
		connection.request("PATCH", location, { "content-length": 100 });
		connection.send("slow");
		const { status, headers, body } = await connection.response();
		assert.equal(status, 408);
		assert.equal(headers.connection, "close");
		assert.equal(JSON.parse(body.toString()).errors[0].code, "REQUEST_TIMEOUT");
		assertPosition(await face.fetch(location), 204, location, "0-3");
	});

	it("go on for longer than a stall may last, while bytes come", async () => {
		await using face = await openFace({ limits: { stallMs: 300 } });
		const location = await begin(face);
		using connection = await face.connect();
		connection.request("PATCH", location, { "content-length": 10 });
		for (let i = 0; i < 10; i++) {
			connection.send("x");
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		assert.equal((await connection.response()).status, 202);
	});

	it("are not cut off while the store takes its time", async () => {
		await using face = await openFace({
			limits: { stallMs: 100 },
			instance: {
				store: async (method) => {
					if (method === "writer.commit") await new Promise((resolve) => setTimeout(resolve, 500));
					return undefined;
				},
			},
		});
		using connection = await face.connect();
		connection.request("POST", `${UPLOADS}?digest=${digest("bytes")}`, { "content-length": 5 });
		connection.send("bytes");
		assert.equal((await connection.response()).status, 201);
	});
});
