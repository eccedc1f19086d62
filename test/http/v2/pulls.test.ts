import assert from "node:assert/strict";
import { test } from "node:test";
import { pushImage } from "../../support/registry.ts";
import { openFace } from "../../support/v2-face.ts";

test("a manifest that is sent is a pull; a look, what is not modified, and what is not there are none", async () => {
	const noted: (readonly [number, string])[] = [];
	const note = (repositoryId: number, digest: string) => void noted.push([repositoryId, digest]);
	await using face = await openFace({ instance: { pulls: { note } } });
	const digest = await pushImage(face.instance, "p/app", "v1", "config", "layer");
	const id = (await face.harness.metadata.repositories.find("p/app"))?.id ?? assert.fail();
	const get = async (reference: string, init: RequestInit = {}): Promise<number> => {
		const response = await face.fetch(`/v2/p/app/manifests/${reference}`, init);
		await response.arrayBuffer();
		return response.status;
	};
	assert.equal(await get("v1", { method: "HEAD" }), 200);
	assert.equal(await get("v1", { headers: { "if-none-match": `"${digest}"` } }), 304);
	assert.equal(await get("v2"), 404);
	assert.equal(await get("v1", { headers: { "if-match": '"sha256:0"' } }), 412);
	assert.deepEqual(noted, []);
	assert.equal(await get("v1"), 200);
	assert.equal(await get(digest), 200);
	assert.deepEqual(noted, [
		[id, digest],
		[id, digest],
	]);
});
