import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import { imageOf, pushBlob } from "../../support/registry.ts";
import { type Face, openFace } from "../../support/v2-face.ts";

const ACCEPTS: readonly (string | undefined)[] = [
	undefined,
	"*/*",
	OCI_MANIFEST,
	OCI_INDEX,
	DOCKER_MANIFEST,
	`${OCI_MANIFEST};q=0, text/html`,
	"application/json",
	"nonsense",
];

describe("whatever a client says it accepts, a manifest is served as it was pushed", () => {
	const image = imageOf("config", "layer");
	const index = JSON.stringify({
		schemaVersion: 2,
		manifests: [{ mediaType: OCI_MANIFEST, digest: digestOf(Buffer.from(image)), size: image.length }],
	});
	const pushed = [
		{ tag: "image", type: OCI_MANIFEST, body: image },
		{ tag: "index", type: OCI_INDEX, body: index },
		{ tag: "docker", type: DOCKER_MANIFEST, body: imageOf("config").replace(OCI_MANIFEST, DOCKER_MANIFEST) },
	];
	let face: Face;
	before(async () => {
		face = await openFace();
		for (const blob of ["config", "layer"]) await pushBlob(face.instance, "p/app", blob);
		for (const { tag, type, body } of pushed) {
			const init = { method: "PUT", headers: { "content-type": type }, body };
			assert.equal((await face.fetch(`/v2/p/app/manifests/${tag}`, init)).status, 201);
		}
	});
	after(() => face[Symbol.asyncDispose]());

	for (const accept of ACCEPTS) {
		it(`Accept: ${accept ?? "absent"}`, async () => {
			// fetch would send */* when it is told nothing.
			using connection = await face.connect();
			for (const { tag, type, body } of pushed) {
				const digest = digestOf(Buffer.from(body));
				for (const reference of [tag, digest]) {
					for (const method of ["GET", "HEAD"]) {
						connection.request(method, `/v2/p/app/manifests/${reference}`, accept === undefined ? {} : { accept });
						const answer = await connection.response({ head: method === "HEAD" });
						assert.equal(answer.status, 200);
						assert.equal(answer.headers["content-type"], type);
						assert.equal(answer.headers["docker-content-digest"], digest);
						assert.equal(answer.headers.vary, undefined);
						assert.equal(answer.body.toString(), method === "GET" ? body : "");
					}
				}
			}
		});
	}
});
