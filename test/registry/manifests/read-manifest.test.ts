import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import { MAX_MANIFEST_BYTES } from "#/oci/manifest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { readManifest } from "#/registry/manifests/read-manifest.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";

const payload = JSON.stringify({
	schemaVersion: 2,
	mediaType: OCI_MANIFEST,
	config: { mediaType: "application/vnd.oci.empty.v1+json", digest: digestOf(Buffer.from("{}")), size: 2 },
	layers: [],
});
const tag = { kind: "tag", tag: "v1" } as const;

test("a push by tag gets its sha256, one by sha512 keeps that", async () => {
	const sha256 = digestOf(Buffer.from(payload));
	const sha512 = digestOf(Buffer.from(payload), "sha512");
	assert.equal((await readManifest(tag, OCI_MANIFEST, bodyOf(payload))).digest, sha256);
	for (const digest of [sha256, sha512]) {
		const received = await readManifest(
			{ kind: "digest", digest },
			undefined,
			bodyOf(payload.slice(0, 9), payload.slice(9)),
		);
		assert.equal(received.digest, digest);
		assert.equal(Buffer.from(received.payload).toString(), payload);
	}
});

test("a digest that is not that of the body is DIGEST_INVALID", async () => {
	const digest = digestOf(Buffer.from("other"));
	await assert.rejects(readManifest({ kind: "digest", digest }, OCI_MANIFEST, bodyOf(payload)), {
		code: "DIGEST_INVALID",
	});
});

test("a body above 4 MiB is refused without being read to its end", async () => {
	let given = 0;
	const endless = async function* (): AsyncGenerator<Uint8Array> {
		for (; ; given += 65_536) yield Buffer.alloc(65_536, 32);
	};
	await assert.rejects(readManifest(tag, OCI_MANIFEST, endless()), { code: "MANIFEST_TOO_LARGE", status: 413 });
	assert.ok(given <= MAX_MANIFEST_BYTES + 65_536, `${given} bytes were taken`);
});

test("a body of exactly 4 MiB is taken", async () => {
	const whole = payload + " ".repeat(MAX_MANIFEST_BYTES - payload.length);
	assert.equal((await readManifest(tag, OCI_MANIFEST, bodyOf(whole))).payload.length, MAX_MANIFEST_BYTES);
});

test("a body that breaks off stores nothing", async () => {
	await assert.rejects(readManifest(tag, OCI_MANIFEST, brokenBody(new Error("reset"), payload)), {
		code: "MANIFEST_INVALID",
	});
});
