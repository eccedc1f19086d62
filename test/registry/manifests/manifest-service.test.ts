import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { TagCondition } from "#/metadata/manifests.ts";
import { type Digest, digestOf } from "#/oci/digest.ts";
import { OCI_INDEX, OCI_MANIFEST } from "#/oci/media-types.ts";
import type { Reference } from "#/oci/reference.ts";
import { createManifestCache } from "#/registry/manifests/manifest-cache.ts";
import { createManifestService } from "#/registry/manifests/manifest-service.ts";
import { bodyOf } from "../../support/bodies.ts";
import { hooked } from "../../support/hooked.ts";
import {
	forever,
	imageOf,
	openRegistryHarness,
	pushBlob,
	pushImage,
	type RegistryHarness,
} from "../../support/registry.ts";

let harness: RegistryHarness;
before(async () => {
	harness = await openRegistryHarness();
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});

const tagged = (tag: string): Reference => ({ kind: "tag", tag });
const named = (digest: Digest): Reference => ({ kind: "digest", digest });
const actor = "user:test";

const put = (
	repository: string,
	reference: Reference,
	text: string,
	opts: { readonly tags?: readonly string[]; readonly condition?: TagCondition; readonly contentType?: string } = {},
) => {
	const { tags = [], condition, contentType } = opts;
	const push = { repository, reference, tags, contentType, condition, actor };
	return harness.instance().registry.manifests.put(push, bodyOf(text), forever);
};

const indexOf = (...children: readonly string[]): string =>
	JSON.stringify({
		schemaVersion: 2,
		mediaType: OCI_INDEX,
		manifests: children.map((child) => ({
			mediaType: OCI_MANIFEST,
			digest: digestOf(Buffer.from(child)),
			size: Buffer.byteLength(child),
		})),
	});

test("a manifest is pulled by tag and by digest as it was pushed", async () => {
	const instance = harness.instance();
	const { manifests } = instance.registry;
	const digest = await pushImage(instance, "p/image", "v1", "config", "layer");
	const text = imageOf("config", "layer");
	for (const reference of [tagged("v1"), named(digest)]) {
		const { payload, repositoryId, ...head } = await manifests.get("p/image", reference, forever);
		assert.equal(Buffer.from(payload).toString(), text);
		assert.equal(repositoryId, (await harness.metadata.repositories.find("p/image"))?.id);
		assert.deepEqual({ ...head }, { digest, mediaType: OCI_MANIFEST, size: text.length });
		assert.deepEqual({ ...(await manifests.head("p/image", reference, forever)) }, { ...head });
	}
});

test("what is not there is told apart: no repository, no tag, no digest", async () => {
	const { manifests } = harness.instance().registry;
	const other = named(digestOf(Buffer.from("other")));
	for (const read of [manifests.get, manifests.head]) {
		await assert.rejects(read("p/nowhere", tagged("v1"), forever), { code: "NAME_UNKNOWN" });
		await assert.rejects(read("p/image", tagged("v9"), forever), {
			code: "MANIFEST_UNKNOWN",
			detail: { reference: "v9" },
		});
		await assert.rejects(read("p/image", other, forever), { code: "MANIFEST_UNKNOWN" });
	}
	await assert.rejects(put("nowhere/r", tagged("v1"), imageOf("config")), { code: "NAME_UNKNOWN" });
});

test("a push by digest may bring tags, one by tag more of them, each once", async () => {
	const text = imageOf("config", "layer");
	const digest = digestOf(Buffer.from(text));
	const byDigest = await put("p/image", named(digest), text, { tags: ["a", "b", "a"] });
	assert.deepEqual(byDigest, { digest, subject: undefined, tags: ["a", "b"] });
	const byTag = await put("p/image", tagged("c"), text, { tags: ["c", "d"] });
	assert.deepEqual(byTag.tags, ["c", "d"]);
	const { tags } = await harness.instance().registry.manifests.tags("p/image", { limit: 10 }, forever);
	assert.deepEqual(tags, ["a", "b", "c", "d", "v1"]);
});

test("a manifest pushed by sha512 is found by it", async () => {
	const text = imageOf("config");
	const digest = digestOf(Buffer.from(text), "sha512");
	await put("p/image", named(digest), text);
	assert.equal((await harness.instance().registry.manifests.head("p/image", named(digest), forever)).digest, digest);
});

test("a manifest that names blobs or children that are not here is MANIFEST_BLOB_UNKNOWN and says which", async () => {
	await pushBlob(harness.instance(), "p/missing", "here");
	await assert.rejects(put("p/missing", tagged("v1"), imageOf("here", "absent")), {
		code: "MANIFEST_BLOB_UNKNOWN",
		status: 404,
		detail: { blobs: [digestOf(Buffer.from("absent"))], manifests: [] },
	});
	const index = indexOf(imageOf("x"));
	await assert.rejects(put("p/missing", tagged("v1"), index), {
		code: "MANIFEST_BLOB_UNKNOWN",
		detail: { blobs: [], manifests: [digestOf(Buffer.from(imageOf("x")))] },
	});
	await put("s/sparse", tagged("v1"), index);
});

test("a descriptor with the wrong size is MANIFEST_INVALID", async () => {
	const text = imageOf("config", "layer").replace('"size":5', '"size":6');
	await assert.rejects(put("p/image", tagged("v1"), text), {
		code: "MANIFEST_INVALID",
		detail: { digest: digestOf(Buffer.from("layer")), size: 6, stored: 5 },
	});
});

test("tags move only when the condition holds", async () => {
	const instance = harness.instance();
	const one = await pushImage(instance, "p/moving", "latest", "one");
	await pushBlob(instance, "p/moving", "two");
	const failed = { code: "PRECONDITION_FAILED", status: 412, detail: { digest: one } };
	const text = imageOf("two");
	await assert.rejects(put("p/moving", tagged("latest"), text, { condition: { ifNoneMatch: "*" } }), failed);
	const stale = digestOf(Buffer.from("stale"));
	await assert.rejects(put("p/moving", tagged("latest"), text, { condition: { ifMatch: [stale] } }), failed);
	await put("p/moving", tagged("latest"), text, { condition: { ifMatch: [stale, one] } });
	const { manifests } = instance.registry;
	await assert.rejects(manifests.remove("p/moving", tagged("latest"), { ifMatch: [one] }, actor, forever), {
		code: "PRECONDITION_FAILED",
	});
});

test("removing a tag keeps the manifest, removing the manifest takes its tags", async () => {
	const instance = harness.instance();
	const { manifests } = instance.registry;
	const digest = await pushImage(instance, "p/removing", "a", "config");
	await put("p/removing", tagged("b"), imageOf("config"));
	await manifests.remove("p/removing", tagged("a"), undefined, actor, forever);
	await assert.rejects(manifests.remove("p/removing", tagged("a"), undefined, actor, forever), {
		code: "MANIFEST_UNKNOWN",
	});
	await manifests.head("p/removing", named(digest), forever);
	const other = digestOf(Buffer.from("other"));
	for (const condition of [{ ifMatch: [other] }, { ifNoneMatch: [digest] }, { ifNoneMatch: "*" }] as const) {
		await assert.rejects(manifests.remove("p/removing", named(digest), condition, actor, forever), {
			code: "PRECONDITION_FAILED",
		});
	}
	await manifests.remove("p/removing", named(digest), { ifMatch: [digest] }, actor, forever);
	await assert.rejects(manifests.head("p/removing", tagged("b"), forever), { code: "MANIFEST_UNKNOWN" });
	await assert.rejects(manifests.remove("p/removing", named(digest), undefined, actor, forever), {
		code: "MANIFEST_UNKNOWN",
		status: 404,
	});
});

test("a manifest that an index lists cannot be removed", async () => {
	const instance = harness.instance();
	const child = await pushImage(instance, "p/listed", "child", "config");
	const { digest: index } = await put("p/listed", tagged("index"), indexOf(imageOf("config")));
	const { manifests } = instance.registry;
	await assert.rejects(manifests.remove("p/listed", named(child), undefined, actor, forever), {
		code: "CONFLICT",
		status: 409,
		detail: { by: [index] },
	});
	await manifests.remove("p/listed", named(index), undefined, actor, forever);
	await manifests.remove("p/listed", named(child), undefined, actor, forever);
});

test("pages of tags, referrers and repositories say whether another follows", async () => {
	const instance = harness.instance();
	const { manifests, catalog } = instance.registry;
	const subject = await pushImage(instance, "q/pages", "a", "config");
	for (const tag of ["b", "c"]) await put("q/pages", tagged(tag), imageOf("config"));
	assert.deepEqual(await manifests.tags("q/pages", { limit: 2 }, forever), { tags: ["a", "b"], more: true });
	assert.deepEqual(await manifests.tags("q/pages", { last: "b", limit: 2 }, forever), { tags: ["c"], more: false });
	assert.deepEqual(await manifests.tags("q/pages", { limit: 3 }, forever), { tags: ["a", "b", "c"], more: false });
	assert.deepEqual(await manifests.tags("q/pages", { limit: 0 }, forever), { tags: [], more: false });
	await assert.rejects(manifests.tags("q/none", { limit: 2 }, forever), { code: "NAME_UNKNOWN" });

	for (const [number, artifactType] of [
		[1, "type/a"],
		[2, "type/b"],
		[3, "type/a"],
	] as const) {
		const attached = { mediaType: OCI_MANIFEST, digest: subject, size: imageOf("config").length };
		const text = JSON.stringify({
			...JSON.parse(imageOf("config")),
			artifactType,
			subject: attached,
			annotations: { number: `${number}` },
		});
		const pushed = await put("q/pages", named(digestOf(Buffer.from(text))), text);
		assert.equal(pushed.subject, subject);
	}
	const first = await manifests.referrers("q/pages", subject, { limit: 2 }, forever);
	assert.equal(first.more, true);
	const rest = await manifests.referrers("q/pages", subject, { last: first.referrers[1]?.digest, limit: 2 }, forever);
	assert.equal(rest.more, false);
	const numbers = [...first.referrers, ...rest.referrers].map(({ annotations }) => annotations?.number);
	assert.deepEqual(numbers.sort(), ["1", "2", "3"]);
	const ofType = await manifests.referrers("q/pages", subject, { artifactType: "type/a", limit: 2 }, forever);
	assert.deepEqual([ofType.referrers.length, ofType.more], [2, false]);
	assert.deepEqual(await manifests.referrers("q/none", subject, { limit: 2 }, forever), { referrers: [], more: false });

	await pushImage(instance, "q/zz", "a", "config");
	const scope = { projects: ["q"] };
	assert.deepEqual(await catalog(scope, { limit: 1 }, forever), { repositories: ["q/pages"], more: true });
	assert.deepEqual(await catalog(scope, { last: "q/pages", limit: 1 }, forever), {
		repositories: ["q/zz"],
		more: false,
	});
});

test("a cached payload is shown only as long as the repository has the manifest", async () => {
	const payloads: boolean[] = [];
	const watched = hooked(harness.metadata.manifests, async (method, args) => {
		const opts: unknown = args[2];
		if (method === "find" && typeof opts === "object" && opts !== null && "payload" in opts)
			payloads.push(opts.payload === true);
		return undefined;
	});
	const cached = createManifestService({
		manifests: watched,
		tagStates: harness.metadata.tagStates,
		cache: createManifestCache(),
	});
	const instance = harness.instance();
	const digest = await pushImage(instance, "p/cached", "v1", "config");
	for (let i = 0; i < 3; i++) {
		const { payload } = await cached.get("p/cached", tagged("v1"), forever);
		assert.equal(digestOf(payload), digest);
	}
	assert.deepEqual(payloads, [false, true, false, false]);
	await instance.registry.manifests.remove("p/cached", named(digest), undefined, actor, forever);
	await assert.rejects(cached.get("p/cached", named(digest), forever), { code: "MANIFEST_UNKNOWN" });
});

test("the cache keeps within its bytes", () => {
	const cache = createManifestCache(10_000);
	const digests = Array.from({ length: 10 }, (_, i) => digestOf(Buffer.from(`${i}`)));
	for (const digest of digests) cache.put(digest, Buffer.alloc(3_000));
	assert.equal(digests.filter((digest) => cache.find(digest) !== undefined).length, 3);
});
