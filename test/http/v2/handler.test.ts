import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { StoreError } from "#/storage/store-error.ts";
import { pushBlob, pushImage } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const ABSENT = digestOf(Buffer.from("absent"));

interface Failure {
	readonly errors: readonly { readonly code: string; readonly message: string; readonly detail?: unknown }[];
}

const failureOf = async (response: Response): Promise<Failure["errors"][number]> => {
	assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
	const { errors }: Failure = JSON.parse(await response.text());
	const [first, ...others] = errors;
	assert.ok(first !== undefined && others.length === 0);
	assert.ok(first.message.length > 0);
	return first;
};

describe("every endpoint below /v2", () => {
	let face: Face;
	before(async () => {
		face = await openFace();
		await pushImage(face.instance, "p/app", "latest", "config", "layer");
	});
	after(() => face[Symbol.asyncDispose]());

	const layer = digestOf(Buffer.from("layer"));
	const reads: readonly (readonly [what: string, path: string, status: number])[] = [
		["the base", "/v2/", 200],
		["the base without its slash", "/v2", 200],
		["the base with a query", "/v2?x=y", 200],
		["the catalog", "/v2/_catalog", 200],
		["tags", "/v2/p/app/tags/list", 200],
		["tags of no repository", "/v2/p/none/tags/list", 404],
		["referrers", `/v2/p/app/referrers/${ABSENT}`, 200],
		["a manifest by tag", "/v2/p/app/manifests/latest", 200],
		["no manifest", "/v2/p/app/manifests/none", 404],
		["a malformed tag", "/v2/p/app/manifests/-", 404],
		["a malformed digest", "/v2/p/app/manifests/sha256:12", 400],
		["a malformed name", "/v2/P/app/manifests/latest", 400],
		["a blob", `/v2/p/app/blobs/${layer}`, 200],
		["no blob", `/v2/p/app/blobs/${ABSENT}`, 404],
		["no upload", "/v2/p/app/blobs/uploads/none", 404],
		["no endpoint", "/v2/p/app/elsewhere", 404],
		["a wrong number", "/v2/p/app/tags/list?n=x", 400],
	];
	for (const [what, path, status] of reads) {
		it(`answers HEAD like GET, without the body: ${what}`, async () => {
			const [get, head] = await Promise.all([face.fetch(path), face.fetch(path, { method: "HEAD" })]);
			const body = await get.arrayBuffer();
			assert.equal(get.status, status);
			assert.equal(head.status, status);
			assert.equal((await head.arrayBuffer()).byteLength, 0);
			assert.equal(get.headers.get("content-length"), String(body.byteLength));
			const own = new Set([
				"date",
				"x-request-id",
				"connection",
				"keep-alive",
				...(status < 400 ? [] : ["content-length"]),
			]);
			const comparable = ({ headers }: Response): object =>
				Object.fromEntries([...headers].filter(([name]) => !own.has(name)));
			assert.deepEqual(comparable(head), comparable(get));
			if (status < 400) assert.equal(head.headers.get("content-length"), get.headers.get("content-length"));
		});
	}

	const methods: readonly (readonly [path: string, allow: string])[] = [
		["/v2/", "GET, HEAD"],
		["/v2/_catalog", "GET, HEAD"],
		["/v2/p/app/tags/list", "GET, HEAD"],
		[`/v2/p/app/referrers/${ABSENT}`, "GET, HEAD"],
		["/v2/p/app/manifests/latest", "GET, HEAD, PUT, DELETE"],
		[`/v2/p/app/blobs/${layer}`, "GET, HEAD, DELETE"],
		["/v2/p/app/blobs/uploads/", "POST"],
		["/v2/p/app/blobs/uploads/x", "GET, HEAD, PATCH, PUT, DELETE"],
	];
	for (const [path, allow] of methods) {
		it(`answers 405 and names its methods: ${path}`, async () => {
			const allowed = new Set(allow.split(", "));
			for (const method of ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "PURGE"]) {
				if (allowed.has(method)) continue;
				const response = await face.fetch(path, { method });
				assert.equal(response.status, 405, method);
				assert.equal(response.headers.get("allow"), allow);
				if (method !== "HEAD") assert.equal((await failureOf(response)).code, "UNSUPPORTED");
			}
		});
	}

	const failures: readonly (readonly [method: string, path: string, status: number, code: string])[] = [
		["GET", "/v2/p/app/manifests/none", 404, "MANIFEST_UNKNOWN"],
		["GET", "/v2/p/none/manifests/latest", 404, "NAME_UNKNOWN"],
		["GET", `/v2/p/app/blobs/${ABSENT}`, 404, "BLOB_UNKNOWN"],
		["GET", "/v2/p/app/blobs/sha256:12", 400, "DIGEST_INVALID"],
		["GET", "/v2/p/App/tags/list", 400, "NAME_INVALID"],
		["GET", `/v2/${"a/".repeat(127)}ab/tags/list`, 400, "NAME_INVALID"],
		["GET", "/v2/p%2Fapp/tags/list", 400, "NAME_INVALID"],
		["GET", "/v2/p/../app/tags/list%00", 404, "UNSUPPORTED"],
		["PUT", "/v2/p/app/manifests/-", 400, "TAG_INVALID"],
		["DELETE", "/v2/p/app/manifests/none", 404, "MANIFEST_UNKNOWN"],
		["DELETE", `/v2/p/app/blobs/${ABSENT}`, 404, "BLOB_UNKNOWN"],
		["POST", "/v2/nowhere/app/blobs/uploads/", 404, "NAME_UNKNOWN"],
		["POST", "/v2/p/app/blobs/uploads/?digest=x", 400, "DIGEST_INVALID"],
		["POST", "/v2/p/app/blobs/uploads/?mount=x", 400, "DIGEST_INVALID"],
		["POST", "/v2/p/app/blobs/uploads/?digest-algorithm=md5", 400, "DIGEST_INVALID"],
		["PATCH", "/v2/p/app/blobs/uploads/none", 404, "BLOB_UPLOAD_UNKNOWN"],
		["PUT", "/v2/p/app/blobs/uploads/none", 400, "DIGEST_INVALID"],
		["PUT", `/v2/p/app/blobs/uploads/none?digest=${ABSENT}`, 404, "BLOB_UPLOAD_UNKNOWN"],
		["DELETE", "/v2/p/app/blobs/uploads/none", 404, "BLOB_UPLOAD_UNKNOWN"],
		["GET", "/v2/_catalog?n=-1", 400, "PAGINATION_NUMBER_INVALID"],
		["GET", "/v2/p/app/tags/list?last=%00", 400, "UNSUPPORTED"],
		["GET", `/v2/p/app/referrers/${ABSENT}?artifactType=a%00b`, 400, "UNSUPPORTED"],
	];
	for (const [method, path, status, code] of failures) {
		it(`answers ${status} ${code} in the specification's form: ${method} ${path.slice(0, 60)}`, async () => {
			const response = await face.fetch(path, { method });
			assert.equal(response.status, status);
			assert.equal((await failureOf(response)).code, code);
		});
	}

	it("takes a name of 255 characters and no longer one", async () => {
		const name = `p/${"a".repeat(253)}`;
		assert.equal((await face.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST" })).status, 202);
		assert.equal((await face.fetch(`/v2/${name}a/blobs/uploads/`, { method: "POST" })).status, 400);
	});

	it("says in every answer what it is, and that browsers are to believe it", async () => {
		for (const path of ["/v2/", "/v2/p/app/manifests/none"]) {
			const { headers } = await face.fetch(path);
			assert.equal(headers.get("docker-distribution-api-version"), "registry/2.0");
			assert.equal(headers.get("x-content-type-options"), "nosniff");
		}
	});

	it("gives a request the id that its client gave it, when that is well formed", async () => {
		const id = async (given: string): Promise<string | null> =>
			(await face.fetch("/v2/", { headers: { "x-request-id": given } })).headers.get("x-request-id");
		assert.equal(await id("run-7:build.3"), "run-7:build.3");
		assert.match((await id("a b<script>")) ?? "", /^test-/);
		assert.match((await id("x".repeat(65))) ?? "", /^test-/);
	});

	it("lets connections close once the server is stopping", async () => {
		face.stopping = true;
		const response = await face.fetch("/v2/");
		face.stopping = false;
		assert.equal(response.headers.get("connection"), "close");
		assert.equal((await face.fetch("/v2/")).headers.get("connection"), "keep-alive");
	});

	it("has each request observed once, by the kind of its endpoint", async () => {
		const before = face.records.length;
		await face.fetch("/v2/p/app/manifests/latest");
		await face.fetch("/v2/p/app/nowhere");
		await face.fetch("/v2/p/App/tags/list");
		assert.deepEqual(
			face.records.slice(before).map(({ route, status, repository, actor }) => ({ route, status, repository, actor })),
			[
				{ route: "manifest", status: 200, repository: "p/app", actor: "user:root" },
				{ route: "unknown", status: 404, repository: undefined, actor: undefined },
				{ route: "invalid", status: 400, repository: undefined, actor: undefined },
			],
		);
	});
});

describe("a failure behind the endpoints", () => {
	const openFailing = (error: Error): Promise<Face> =>
		openFace({
			instance: {
				store: async (method) => {
					if (method === "open") throw error;
					return undefined;
				},
			},
		});
	const SECRET = "password=hunter2";

	it("is answered 500 with the request's id, and its text stays here", async () => {
		await using face = await openFailing(new Error(SECRET));
		const digest = await pushBlob(face.instance, "p/app", "x");
		const response = await face.fetch(`/v2/p/app/blobs/${digest}`);
		const text = await response.text();
		assert.equal(response.status, 500);
		assert.equal(text.includes(SECRET), false);
		assert.equal(JSON.parse(text).errors[0].code, "UNKNOWN");
		assert.match(String(face.records.at(-1)?.error), /registry failed/);
	});

	it("is answered 503 with Retry-After while the store is away", async () => {
		await using face = await openFailing(new StoreError("UNAVAILABLE", SECRET));
		const digest = await pushBlob(face.instance, "p/app", "x");
		const response = await face.fetch(`/v2/p/app/blobs/${digest}`);
		assert.equal(response.status, 503);
		assert.equal(response.headers.get("retry-after"), "1");
		assert.equal((await response.text()).includes(SECRET), false);
	});
});
