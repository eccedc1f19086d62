import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import type { Digest } from "#/oci/digest.ts";
import { hooked } from "../support/hooked.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { forever, type Instance, openRegistryHarness, pullBlob, pushBlob, pushImage } from "../support/registry.ts";

const MINUTE = 60_000;
const unavailable = { code: "UNAVAILABLE" };

/** An instance whose metadata goes away when told, with an image that nobody pulled yet. */
const open = async (t: TestContext) => {
	const harness = await openRegistryHarness();
	t.after(() => harness[Symbol.asyncDispose]());
	const state = { away: false };
	const hook = async () => {
		if (state.away) throw new MetadataError("UNAVAILABLE", "away");
		return undefined;
	};
	const plain = harness.metadata;
	const metadata = Object.assign(Object.create(plain), {
		manifests: hookedRecord(plain.manifests, hook),
		blobs: hookedRecord(plain.blobs, hook),
	});
	const clock = new ManualClock();
	const instance = harness.instance({ metadata, clock });
	const digest = await pushImage(instance, "p/app", "v1", "config", "layer");
	const layer = await pushBlob(instance, "p/app", "layer");
	return { harness, state, clock, instance, digest, layer };
};

/** With members of its own, as the registry's parts have them. */
const hookedRecord = <T extends object>(record: T, hook: Parameters<typeof hooked>[1]): T => ({
	...hooked(record, hook),
});

const byDigest = ({ registry }: Instance, digest: Digest) =>
	registry.manifests.get("p/app", { kind: "digest", digest }, forever);

test("while metadata is away, what was pulled by digest is pulled again for 15 minutes, and nothing by tag", async (t) => {
	const { state, clock, instance, digest, layer } = await open(t);
	const { manifests } = instance.registry;
	const pulled = await byDigest(instance, digest);
	await manifests.get("p/app", { kind: "tag", tag: "v1" }, forever);
	await pullBlob(instance, "p/app", layer);
	state.away = true;
	clock.advance(15 * MINUTE);
	assert.deepEqual(await byDigest(instance, digest), pulled);
	const { payload: _, repositoryId: __, ...head } = pulled;
	assert.deepEqual(await manifests.head("p/app", { kind: "digest", digest }, forever), head);
	assert.equal((await pullBlob(instance, "p/app", layer)).toString(), "layer");
	await assert.rejects(manifests.get("p/app", { kind: "tag", tag: "v1" }, forever), unavailable);
	await assert.rejects(manifests.head("p/app", { kind: "tag", tag: "v1" }, forever), unavailable);
	clock.advance(1);
	await assert.rejects(byDigest(instance, digest), unavailable);
	await assert.rejects(pullBlob(instance, "p/app", layer), unavailable);
	state.away = false;
	assert.deepEqual(await byDigest(instance, digest), pulled);
});

test("what was not pulled lately, or from another repository, is not served while metadata is away", async (t) => {
	const { state, instance, digest, layer } = await open(t);
	await byDigest(instance, digest);
	state.away = true;
	await assert.rejects(pullBlob(instance, "p/app", layer), unavailable);
	await assert.rejects(instance.registry.manifests.get("p/other", { kind: "digest", digest }, forever), unavailable);
});

test("a manifest of which only the head was asked has no bytes to serve", async (t) => {
	const { state, instance, digest } = await open(t);
	const { manifests } = instance.registry;
	const head = await manifests.head("p/app", { kind: "digest", digest }, forever);
	state.away = true;
	assert.deepEqual(await manifests.head("p/app", { kind: "digest", digest }, forever), head);
	await assert.rejects(byDigest(instance, digest), unavailable);
});

test("what was removed here is not served, nor what metadata said is gone", async (t) => {
	const { harness, state, instance, digest, layer } = await open(t);
	const { manifests, blobs } = instance.registry;
	const other = await pushBlob(instance, "p/app", "other");
	await byDigest(instance, digest);
	for (const blob of [layer, other]) await pullBlob(instance, "p/app", blob);
	await manifests.remove("p/app", { kind: "digest", digest }, undefined, "user:test", forever);
	await blobs.remove("p/app", layer, "user:test", forever);
	await harness.instance().registry.blobs.remove("p/app", other, "user:test", forever);
	await assert.rejects(pullBlob(instance, "p/app", other), { code: "BLOB_UNKNOWN" });
	state.away = true;
	await assert.rejects(byDigest(instance, digest), unavailable);
	for (const blob of [layer, other]) await assert.rejects(pullBlob(instance, "p/app", blob), unavailable);
});

test("with an age of 0 nothing is served while metadata is away", async (t) => {
	const { harness, layer } = await open(t);
	let away = false;
	const blobs = hookedRecord(harness.metadata.blobs, async () => {
		if (away) throw new MetadataError("UNAVAILABLE", "away");
		return undefined;
	});
	const metadata = Object.assign(Object.create(harness.metadata), { blobs });
	const instance = harness.instance({ metadata, linkProofMs: 0 });
	await pullBlob(instance, "p/app", layer);
	away = true;
	await assert.rejects(pullBlob(instance, "p/app", layer), unavailable);
});
