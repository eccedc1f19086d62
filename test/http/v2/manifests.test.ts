import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "#/oci/manifest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { imageOf, pushBlob, pushImage } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const TYPE = { "content-type": OCI_MANIFEST };

describe("manifests over HTTP", () => {
	let face: Face;
	before(async () => {
		face = await openFace();
		await pushImage(face.instance, "p/app", "latest", "config", "layer");
	});
	after(() => face[Symbol.asyncDispose]());

	const text = imageOf("config", "layer");
	const digest = digestOf(Buffer.from(text));
	const put = (reference: string, body: string, headers: Record<string, string> = TYPE): Promise<Response> =>
		face.fetch(`/v2/p/app/manifests/${reference}`, { method: "PUT", headers, body });

	it("are pushed by tag: 201 with digest and location", async () => {
		const response = await put("one", text);
		assert.equal(response.status, 201);
		assert.equal(response.headers.get("location"), `/v2/p/app/manifests/${digest}`);
		assert.equal(response.headers.get("docker-content-digest"), digest);
		assert.equal(response.headers.get("etag"), `"${digest}"`);
		assert.equal(response.headers.get("oci-subject"), null);
		assert.equal(response.headers.get("oci-tag"), null);
		assert.equal(response.headers.get("content-length"), "0");
	});

	it("are pushed by digest, with tags in the query", async () => {
		const response = await put(`${digest}?tag=two&tag=three`, text);
		assert.equal(response.status, 201);
		assert.equal(response.headers.get("oci-tag"), "two, three");
		assert.equal((await face.fetch("/v2/p/app/manifests/three")).headers.get("docker-content-digest"), digest);
	});

	it("name their subject in the answer", async () => {
		const body = JSON.stringify({
			...JSON.parse(text),
			subject: { mediaType: OCI_MANIFEST, digest, size: text.length },
		});
		assert.equal((await put("signature", body)).headers.get("oci-subject"), digest);
	});

	it("are refused by a digest that is not theirs", async () => {
		const response = await put(digestOf(Buffer.from("else")), text);
		assert.equal(response.status, 400);
		assert.equal(JSON.parse(await response.text()).errors[0].code, "DIGEST_INVALID");
	});

	it("are refused with tags that are none, or too many", async () => {
		assert.equal((await put(`${digest}?tag=-`, text)).status, 400);
		assert.equal((await put(`${digest}?${"tag=x&".repeat(101)}`, text)).status, 414);
	});

	it("are refused without the blobs that they name", async () => {
		const response = await put("missing", imageOf("config", "never pushed"));
		assert.equal(response.status, 404);
		assert.equal(JSON.parse(await response.text()).errors[0].code, "MANIFEST_BLOB_UNKNOWN");
	});

	for (const body of ["", "{", "[]", "null", '"text"', `${"[".repeat(100_000)}`, '{"schemaVersion":1}']) {
		it(`are refused when they are none: ${body.slice(0, 20)}`, async () => {
			const response = await put("broken", body);
			assert.equal(response.status, 400);
			assert.equal(JSON.parse(await response.text()).errors[0].code, "MANIFEST_INVALID");
		});
	}

	it("come back byte by byte, by tag and by digest, cached as each may be", async () => {
		for (const [reference, cache] of [
			["latest", "no-cache"],
			[digest, "max-age=31536000, immutable"],
		] as const) {
			const response = await face.fetch(`/v2/p/app/manifests/${reference}`);
			assert.equal(response.status, 200);
			assert.equal(response.headers.get("content-type"), OCI_MANIFEST);
			assert.equal(response.headers.get("docker-content-digest"), digest);
			assert.equal(response.headers.get("etag"), `"${digest}"`);
			assert.equal(response.headers.get("cache-control"), cache);
			assert.equal(await response.text(), text);
		}
	});

	it("answer 304 to a reader that has them, and 412 to one that asks for others", async () => {
		const get = (headers: Record<string, string>, method = "GET"): Promise<Response> =>
			face.fetch("/v2/p/app/manifests/latest", { method, headers });
		for (const method of ["GET", "HEAD"]) {
			const unchanged = await get({ "if-none-match": `"x", W/"${digest}"` }, method);
			assert.equal(unchanged.status, 304);
			assert.equal(unchanged.headers.get("etag"), `"${digest}"`);
			assert.equal((await get({ "if-none-match": '"x"' }, method)).status, 200);
			assert.equal((await get({ "if-match": '"x"' }, method)).status, 412);
			assert.equal((await get({ "if-match": `"${digest}"` }, method)).status, 200);
		}
	});

	it("move a tag only from where its mover saw it", async () => {
		const next = imageOf("config");
		const move = (condition: Record<string, string>): Promise<Response> =>
			put("moving", next, { ...TYPE, ...condition });
		assert.equal((await move({ "if-match": `"${digest}"` })).status, 412);
		assert.equal((await move({ "if-none-match": "*" })).status, 201);
		assert.equal((await move({ "if-none-match": "*" })).status, 412);
		assert.equal((await move({ "if-match": `"${digest}"` })).status, 412);
		assert.equal((await move({ "if-match": `"${digestOf(Buffer.from(next))}"` })).status, 201);
	});

	it("are pushed by digest, without a tag, on a condition about the manifest itself", async () => {
		const other = imageOf("config", "layer", "layer", "layer");
		const otherDigest = digestOf(Buffer.from(other));
		const push = (condition: Record<string, string>): Promise<Response> =>
			put(otherDigest, other, { ...TYPE, ...condition });
		assert.equal((await push({ "if-match": "*" })).status, 412);
		assert.equal((await push({ "if-none-match": "*" })).status, 201);
		assert.equal((await push({ "if-none-match": "*" })).status, 412);
		assert.equal((await push({ "if-match": `"${digest}"` })).status, 412);
		assert.equal((await push({ "if-match": `"${otherDigest}"` })).status, 201);
	});

	it("are deleted on a condition, by tag alone or as a whole", async () => {
		const other = imageOf("config", "layer", "layer");
		const otherDigest = digestOf(Buffer.from(other));
		await put("a", other);
		await put("b", other);
		const remove = (reference: string, headers: Record<string, string> = {}): Promise<Response> =>
			face.fetch(`/v2/p/app/manifests/${reference}`, { method: "DELETE", headers });
		assert.equal((await remove("a", { "if-match": `"${digest}"` })).status, 412);
		assert.equal((await remove("a")).status, 202);
		assert.equal((await face.fetch("/v2/p/app/manifests/a")).status, 404);
		assert.equal((await face.fetch("/v2/p/app/manifests/b")).status, 200);
		assert.equal((await remove(otherDigest)).status, 202);
		assert.equal((await face.fetch("/v2/p/app/manifests/b")).status, 404);
		assert.equal((await remove(otherDigest)).status, 404);
	});

	it("are not deleted while an index names them", async () => {
		const index = JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_INDEX,
			manifests: [{ mediaType: OCI_MANIFEST, digest, size: text.length }],
		});
		assert.equal((await put("index", index, { "content-type": OCI_INDEX })).status, 201);
		const response = await face.fetch(`/v2/p/app/manifests/${digest}`, { method: "DELETE" });
		assert.equal(response.status, 409);
		assert.equal(JSON.parse(await response.text()).errors[0].code, "CONFLICT");
	});

	it("of more than 4 MiB are refused with 413 before their bytes are read", async () => {
		using connection = await face.connect();
		connection.request("PUT", "/v2/p/app/manifests/large", { ...TYPE, "content-length": MAX_MANIFEST_BYTES + 1 });
		const { status, headers, body } = await connection.response();
		assert.equal(status, 413);
		assert.equal(JSON.parse(body.toString()).errors[0].code, "SIZE_INVALID");
		assert.equal(headers.connection, "close");
	});

	it("of unknown length are refused with 413 as soon as they are too long, and the answer arrives", async () => {
		using connection = await face.connect();
		connection.request("PUT", "/v2/p/app/manifests/large", { ...TYPE, "transfer-encoding": "chunked" });
		const piece = Buffer.alloc(1024 * 1024, " ");
		// Far more than the buffers between: the server has to read on while it refuses.
		for (let i = 0; i < 32; i++) {
			connection.send("100000\n");
			connection.send(piece);
			connection.send("\n");
		}
		connection.send("0\n\n");
		const { status, headers } = await connection.response();
		assert.equal(status, 413);
		assert.equal(headers.connection, "close");
		await connection.closed;
	});

	it("of exactly 4 MiB are taken", async () => {
		const document = JSON.parse(text);
		const padding = MAX_MANIFEST_BYTES - JSON.stringify({ ...document, annotations: { padding: "" } }).length;
		const body = JSON.stringify({ ...document, annotations: { padding: "x".repeat(padding) } });
		assert.equal(body.length, MAX_MANIFEST_BYTES);
		assert.equal((await put("full", body)).status, 201);
	});

	it("take their content type from the header, parameters and all", async () => {
		await pushBlob(face.instance, "p/app", "config");
		const response = await put("typed", text, { "content-type": `${OCI_MANIFEST}; charset=utf-8` });
		assert.equal(response.status, 201);
		assert.equal((await put("typed", text, { "content-type": "text/plain" })).status, 400);
	});
});
