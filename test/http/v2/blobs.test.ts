import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { pushBlob, pushImage } from "../../support/registry.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

/** One that is kept in memory once it was read, and one that is always read from its store. */
const SIZES = [1_000, 300_000];

for (const size of SIZES) {
	describe(`a blob of ${size} bytes over HTTP`, () => {
		let face: Face;
		let digest: Digest;
		const content = randomBytes(seededRandom(size), size);
		before(async () => {
			face = await openFace();
			digest = await pushBlob(face.instance, "p/app", content);
		});
		after(() => face[Symbol.asyncDispose]());

		const get = (headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
			face.fetch(`/v2/p/app/blobs/${digest}`, { method, headers });
		const bytesOf = async (response: Response): Promise<Buffer> => Buffer.from(await response.arrayBuffer());

		it("comes whole, to be kept for ever", async () => {
			const response = await get();
			assert.equal(response.status, 200);
			assert.equal(response.headers.get("content-type"), "application/octet-stream");
			assert.equal(response.headers.get("content-length"), String(size));
			assert.equal(response.headers.get("docker-content-digest"), digest);
			assert.equal(response.headers.get("etag"), `"${digest}"`);
			assert.equal(response.headers.get("accept-ranges"), "bytes");
			assert.equal(response.headers.get("cache-control"), "max-age=31536000, immutable");
			assert.deepEqual(await bytesOf(response), content);
		});

		const single: readonly (readonly [range: string, start: number, end: number])[] = [
			["bytes=0-0", 0, 0],
			["bytes=10-99", 10, 99],
			["bytes=900-", 900, size - 1],
			["bytes=-7", size - 7, size - 1],
			[`bytes=0-${size * 2}`, 0, size - 1],
			[`bytes=-${size * 2}`, 0, size - 1],
			[`bytes=5-9,${size}-`, 5, 9],
		];
		for (const [range, start, end] of single) {
			it(`gives one range: ${range}`, async () => {
				const response = await get({ range });
				assert.equal(response.status, 206);
				assert.equal(response.headers.get("content-range"), `bytes ${start}-${end}/${size}`);
				assert.equal(response.headers.get("content-length"), String(end - start + 1));
				assert.deepEqual(await bytesOf(response), content.subarray(start, end + 1));
			});
		}

		it("gives several ranges as multipart/byteranges", async () => {
			const response = await get({ range: "bytes=0-4,500-599,-3" });
			assert.equal(response.status, 206);
			const body = await bytesOf(response);
			assert.equal(response.headers.get("content-length"), String(body.length));
			const [, boundary = ""] =
				/^multipart\/byteranges; boundary=(\w+)$/.exec(response.headers.get("content-type") ?? "") ?? [];
			const parts = body.toString("latin1").split(`\r\n--${boundary}`);
			assert.equal(parts.shift(), "");
			assert.equal(parts.pop(), "--\r\n");
			const expected: readonly (readonly [number, number])[] = [
				[0, 4],
				[500, 599],
				[size - 3, size - 1],
			];
			assert.equal(parts.length, expected.length);
			for (const [i, [start, end]] of expected.entries()) {
				const [head = "", ...rest] = (parts[i] ?? "").split("\r\n\r\n");
				assert.equal(
					head,
					`\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ${start}-${end}/${size}`,
				);
				assert.deepEqual(Buffer.from(rest.join("\r\n\r\n"), "latin1"), content.subarray(start, end + 1));
			}
		});

		it("refuses ranges beyond its end with 416 and its size", async () => {
			const response = await get({ range: `bytes=${size}-` });
			assert.equal(response.status, 416);
			assert.equal(response.headers.get("content-range"), `bytes */${size}`);
			assert.equal(response.headers.get("cache-control"), null);
			assert.equal(JSON.parse(await response.text()).errors[0].code, "RANGE_INVALID");
		});

		for (const range of ["bytes=x", "bytes=1-2-3", "lines=1-2", "bytes=0-,0-,0-"]) {
			it(`comes whole where the range is none: ${range}`, async () => {
				const response = await get({ range });
				assert.equal(response.status, 200);
				assert.deepEqual(await bytesOf(response), content);
			});
		}

		it("gives the range only while If-Range names what there is", async () => {
			const range = "bytes=0-9";
			assert.equal((await get({ range, "if-range": `"${digest}"` })).status, 206);
			assert.equal((await get({ range, "if-range": '"else"' })).status, 200);
			assert.equal((await get({ range, "if-range": `W/"${digest}"` })).status, 200);
			assert.equal((await get({ range, "if-range": "Wed, 21 Oct 2015 07:28:00 GMT" })).status, 200);
		});

		it("has no ranges for HEAD, which tells its whole size", async () => {
			const response = await get({ range: "bytes=0-9" }, "HEAD");
			assert.equal(response.status, 200);
			assert.equal(response.headers.get("content-length"), String(size));
			assert.equal(response.headers.get("accept-ranges"), "bytes");
		});

		it("answers 304 to a reader that has it, range or not, and 412 to one that asks for another", async () => {
			assert.equal((await get({ "if-none-match": `"${digest}"` })).status, 304);
			assert.equal((await get({ "if-none-match": `"${digest}"`, range: "bytes=0-0" })).status, 304);
			assert.equal((await get({ "if-none-match": "*" })).status, 304);
			assert.equal((await get({ "if-match": '"else"' })).status, 412);
			assert.equal((await get({ "if-match": `"else", "${digest}"` })).status, 200);
		});

		it("is not told of in another repository", async () => {
			await pushBlob(face.instance, "p/other", "x");
			assert.equal((await face.fetch(`/v2/p/other/blobs/${digest}`)).status, 404);
		});
	});
}

describe("blobs over HTTP", () => {
	it("may be empty", async () => {
		await using face = await openFace();
		const digest = await pushBlob(face.instance, "p/app", "");
		for (const headers of [{}, { range: "bytes=0-" }, { range: "bytes=-1" }]) {
			const response = await face.fetch(`/v2/p/app/blobs/${digest}`, { headers });
			const body = await response.text();
			if ("range" in headers) {
				assert.equal(response.status, 416);
				assert.equal(JSON.parse(body).errors[0].code, "RANGE_INVALID");
			} else {
				assert.equal(response.status, 200);
				assert.equal(response.headers.get("content-length"), "0");
				assert.equal(body, "");
			}
		}
	});

	it("are deleted once no manifest names them", async () => {
		await using face = await openFace();
		const manifest = await pushImage(face.instance, "p/app", "latest", "config");
		const digest = digestOf(Buffer.from("config"));
		const remove = (path: string): Promise<Response> => face.fetch(`/v2/p/app/${path}`, { method: "DELETE" });
		assert.equal((await remove(`blobs/${digest}`)).status, 409);
		assert.equal((await remove(`manifests/${manifest}`)).status, 202);
		assert.equal((await remove(`blobs/${digest}`)).status, 202);
		assert.equal((await remove(`blobs/${digest}`)).status, 404);
		assert.equal((await face.fetch(`/v2/p/app/blobs/${digest}`)).status, 404);
	});

	it("are redirected to where their store serves them, by a URL that nobody keeps", async () => {
		await using face = await openFace();
		const digest = await pushBlob(face.instance, "p/app", "x");
		const store = face.harness.stores.get("default");
		assert.ok(store !== undefined);
		const presign = async (key: string, { method }: { method: string }): Promise<string> =>
			`https://bucket.test/${key}?for=${method}`;
		Object.assign(store, { presign });
		for (const method of ["GET", "HEAD"]) {
			const response = await face.fetch(`/v2/p/app/blobs/${digest}`, { method, redirect: "manual" });
			assert.equal(response.status, 307);
			assert.match(
				response.headers.get("location") ?? "",
				new RegExp(`^https://bucket\\.test/[0-9a-f]{2}/.+for=${method}$`),
			);
			assert.equal(response.headers.get("cache-control"), "no-store");
			assert.equal(response.headers.get("docker-content-digest"), digest);
		}
	});
});
