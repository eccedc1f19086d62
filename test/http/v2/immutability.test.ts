import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { imageOf, pushBlob } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const first = imageOf("{}", "one");
const second = imageOf("{}", "two");
const digest = (text: string): string => digestOf(Buffer.from(text));

const openStrict = async (): Promise<Face> => {
	const face = await openFace();
	const { controlState } = face.harness.metadata;
	const now = await controlState.begin("test");
	const spec = { name: "p", immutability: [{ tags: { matching: ["v*"] } }] };
	const project = { kind: "Project", uid: "uid-p", generation: 2, spec } as const;
	assert.ok("base" in (await controlState.apply({ ...now, upserts: [project], deletes: [] })));
	for (const blob of ["{}", "one", "two"]) await pushBlob(face.instance, "p/app", blob);
	return face;
};

const put = (face: Face, reference: string, body: string): Promise<Response> =>
	face.fetch(`/v2/p/app/manifests/${reference}`, { method: "PUT", headers: { "content-type": OCI_MANIFEST }, body });

const remove = (face: Face, reference: string): Promise<Response> =>
	face.fetch(`/v2/p/app/manifests/${reference}`, { method: "DELETE" });

const assertRefused = async (response: Response, tag: string): Promise<void> => {
	assert.equal(response.status, 403);
	assert.deepEqual(await response.json(), {
		errors: [
			{
				code: "DENIED",
				message: `the tag ${tag} is immutable by a rule of the project p: push under another tag, or have the rule changed`,
				detail: { guard: "immutability", project: "p", repository: "p/app", tag },
			},
		],
	});
};

describe("an immutable tag over HTTP", () => {
	it("is pushed once and may be pushed again as it is, and no other image gets it", async () => {
		await using face = await openStrict();
		assert.equal((await put(face, "v1", first)).status, 201);
		assert.equal((await put(face, "v1", first)).status, 201);
		await assertRefused(await put(face, "v1", second), "v1");
		await assertRefused(await put(face, `${digest(second)}?tag=latest&tag=v1`, second), "v1");
		assert.equal((await face.fetch(`/v2/p/app/manifests/${digest(second)}`)).status, 404, "nothing of it was kept");
		assert.equal((await put(face, "v2", second)).status, 201);
		assert.equal((await put(face, "latest", first)).status, 201);
		assert.equal((await put(face, "latest", second)).status, 201);
	});

	it("is deleted neither by itself nor with its manifest, while others of the manifest are", async () => {
		await using face = await openStrict();
		await put(face, `${digest(first)}?tag=v1&tag=latest`, first);
		await assertRefused(await remove(face, "v1"), "v1");
		await assertRefused(await remove(face, digest(first)), "v1");
		assert.equal((await remove(face, "latest")).status, 202);
		const answer = await face.fetch("/v2/p/app/manifests/v1");
		assert.deepEqual([answer.status, await answer.text()], [200, first]);
	});
});
