import assert from "node:assert/strict";
import { test } from "node:test";
import { DeleteObjectCommand } from "@aws-sdk/client-s3";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import { MIB, never, noise } from "../../conformance/blob-store/bench.ts";
import { bodyOf } from "../../support/bodies.ts";
import { openRegistryHarness, pushImage, startUpload } from "../../support/registry.ts";
import { BehindTheBack, openTestStore, privateS3, s3Bucket, s3Servers } from "../../support/s3.ts";

for (const name of s3Servers) {
	const server = privateS3(name);

	test(`verifying a store on ${name} finds multipart uploads that nobody knows, and what was to be restorable`, {
		skip: server.skip,
	}, async () => {
		const endpoint = await server.endpoint();
		await using store = await openTestStore(endpoint);
		await using harness = await openRegistryHarness({ stores: new Map([["default", store]]) });
		const verify = async (): Promise<readonly Finding[]> => {
			const list: Finding[] = [];
			const deps = { objects: harness.metadata.objects, store, found: (one: Finding) => void list.push(one) };
			await verifyStore(deps, "default", never);
			return list;
		};
		const instance = harness.instance();
		const digest = await pushImage(instance, "p/r", "v", "config", "layer");
		const id = await startUpload(instance, "p/r");
		await instance.registry.uploads.append({ repository: "p/r", id }, bodyOf(noise(6 * MIB)), never);
		const gone = { repository: "p/r", reference: { kind: "digest", digest } } as const;
		await instance.registry.manifests.remove(gone.repository, gone.reference, undefined, "user:test", never);
		assert.deepEqual(await verify(), [], "an upload under way and what can be restored are known");
		await using writer = await store.write("zz/orphan", {}, never);
		await writer.append(noise(6 * MIB));
		await writer.checkpoint(never);
		const held = (await harness.metadata.objects.list("default", { limit: 9 })).find(({ state }) => state === "live");
		assert.ok(held);
		const { client } = new BehindTheBack(endpoint);
		await client.send(new DeleteObjectCommand({ Bucket: s3Bucket, Key: held.key }));
		assert.deepEqual(
			(await verify()).map(({ kind, key }) => `${kind} ${key}`),
			[`missing ${held.key}`, "unknown zz/orphan"],
		);
		await harness.drain();
	});
}
