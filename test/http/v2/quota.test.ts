import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { imageOf } from "../../support/registry.ts";
import { type Face, type FaceOpts, openFace } from "../../support/v2-face.ts";

const UPLOADS = "/v2/p/app/blobs/uploads/";
const digest = (text: string): Digest => digestOf(Buffer.from(text));

/** A face whose project `p` may use so many bytes, and what changes that. */
const openLimited = async (
	quotaBytes: number,
	opts: FaceOpts = {},
): Promise<{ face: Face; limit: (bytes: number) => Promise<void> }> => {
	const face = await openFace(opts);
	const { controlState } = face.harness.metadata;
	let generation = 1;
	const limit = async (bytes: number): Promise<void> => {
		const now = await controlState.begin("test");
		generation += 1;
		const project = { kind: "Project", uid: "uid-p", generation, spec: { name: "p", quotaBytes: bytes } } as const;
		assert.ok("base" in (await controlState.apply({ ...now, upserts: [project], deletes: [] })));
	};
	await limit(quotaBytes);
	return { face, limit };
};

const push = (face: Face, text: string): Promise<Response> =>
	face.fetch(`${UPLOADS}?digest=${digest(text)}`, { method: "POST", body: text });

const begin = async (face: Face): Promise<string> => {
	const response = await face.fetch(UPLOADS, { method: "POST" });
	assert.equal(response.status, 202);
	return response.headers.get("location") ?? assert.fail("no location");
};

const assertExceeded = async (response: Response, detail: object): Promise<void> => {
	assert.equal(response.status, 403);
	const body: unknown = await response.json();
	assert.deepEqual(body, {
		errors: [{ code: "DENIED", message: "the project's quota is exceeded", detail }],
	});
};

describe("a quota over HTTP", () => {
	it("is filled to the last byte, and then refuses with what was used and asked for", async () => {
		const { face } = await openLimited(10);
		await using _ = face;
		assert.equal((await push(face, "123456")).status, 201);
		await assertExceeded(await push(face, "12345"), { quota: 10, used: 6, requested: 5 });
		assert.equal((await push(face, "1234")).status, 201);
		assert.equal((await push(face, "123456")).status, 201, "what is there is taken again");
		await face.harness.assertSound();
	});

	it("refuses a chunk and a last chunk, after which nothing of the upload stays", async () => {
		const { face } = await openLimited(5);
		await using _ = face;
		const first = await begin(face);
		await assertExceeded(await face.fetch(first, { method: "PATCH", body: "123456" }), {
			quota: 5,
			used: 0,
			requested: 6,
		});
		assert.equal((await face.fetch(first)).status, 404);
		const second = await begin(face);
		assert.equal((await face.fetch(second, { method: "PATCH", body: "123" })).status, 202);
		const end = `${second}?digest=${digest("123456")}`;
		await assertExceeded(await face.fetch(end, { method: "PUT", body: "456" }), { quota: 5, used: 0, requested: 6 });
		assert.equal((await face.fetch(second)).status, 404);
		assert.equal((await push(face, "12345")).status, 201, "nothing is reserved any more");
		await face.harness.assertSound();
	});

	it("lets the same push pass once it is raised", async () => {
		const image = imageOf("{}", "layer");
		const { face, limit } = await openLimited(7);
		await using _ = face;
		for (const blob of ["{}", "layer"]) assert.equal((await push(face, blob)).status, 201);
		const put = () =>
			face.fetch("/v2/p/app/manifests/v1", {
				method: "PUT",
				body: image,
				headers: { "content-type": "application/vnd.oci.image.manifest.v1+json" },
			});
		await assertExceeded(await put(), { quota: 7, used: 7, requested: image.length });
		await limit(7 + image.length);
		assert.equal((await put()).status, 201);
		await limit(1);
		assert.equal((await put()).status, 201, "what is there is put again");
		assert.equal((await face.fetch("/v2/p/app/manifests/v1")).status, 200);
	});

	it("refuses a mount from another project, and takes one within the project", async () => {
		const { face, limit } = await openLimited(5);
		await using _ = face;
		const there = await face.fetch(`/v2/q/app/blobs/uploads/?digest=${digest("123456")}`, {
			method: "POST",
			body: "123456",
		});
		assert.equal(there.status, 201);
		const mount = (from: string, to: string) =>
			face.fetch(`/v2/p/${to}/blobs/uploads/?mount=${digest("123456")}&from=${from}`, { method: "POST" });
		await assertExceeded(await mount("q/app", "app"), { quota: 5, used: 0, requested: 6 });
		await limit(6);
		assert.equal((await mount("q/app", "app")).status, 201);
		assert.equal((await mount("p/app", "other")).status, 201);
	});

	it("ends a chunk that goes on and on, and nothing of it stays", async () => {
		const { face } = await openLimited(100_000, { instance: { limits: { extendMs: 20 } } });
		await using _ = face;
		const location = await begin(face);
		let sent = 0;
		const endless = async function* (): AsyncGenerator<Uint8Array> {
			for (; sent < 1_000; sent++) {
				yield Buffer.alloc(10_000);
				await sleep(5);
			}
		};
		const { registry } = face.instance;
		const id = location.split("/").at(-1) ?? "";
		const appending = registry.uploads.append({ repository: "p/app", id }, endless(), AbortSignal.timeout(60_000));
		await assert.rejects(appending, { code: "DENIED" });
		assert.ok(sent < 1_000, "it was not heard to its end");
		assert.equal((await face.fetch(location)).status, 404);
		assert.equal((await push(face, "x".repeat(100_000))).status, 201);
		await face.harness.assertSound();
	});

	it("is never passed by many pushes at once", async () => {
		const { face } = await openLimited(1_000);
		await using _ = face;
		const pushes = Array.from({ length: 16 }, async (_, index) => {
			const text = String(index).padEnd(100, "x");
			if (index % 2 === 0) return (await push(face, text)).status;
			const location = await begin(face);
			const chunk = await face.fetch(location, { method: "PATCH", body: text.slice(0, 60) });
			if (chunk.status !== 202) return chunk.status;
			const end = `${location}?digest=${digest(text)}`;
			return (await face.fetch(end, { method: "PUT", body: text.slice(60) })).status;
		});
		const statuses = await Promise.all(pushes);
		assert.ok(
			statuses.every((status) => status === 201 || status === 403),
			statuses.join(),
		);
		const taken = statuses.filter((status) => status === 201).length;
		assert.ok(taken <= 10, statuses.join());
		const usage = await face.harness.metadata.usages.find("p");
		assert.equal(usage?.blobBytes, taken * 100);
		await face.harness.assertSound();
	});
});
