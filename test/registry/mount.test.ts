import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { digestOf } from "#/oci/digest.ts";
import type { StartOutcome } from "#/registry/registry.ts";
import { bodyOf } from "../support/bodies.ts";
import { forever, openRegistryHarness, pullBlob, pushBlob, type RegistryHarness } from "../support/registry.ts";

let harness: RegistryHarness;
before(async () => {
	harness = await openRegistryHarness();
});
after(async () => {
	await harness[Symbol.asyncDispose]();
});

const mount = (repository: string, content: string, candidates: readonly string[]): Promise<StartOutcome> => {
	const request = { repository, actor: "user:test", mount: { digest: digestOf(Buffer.from(content)), candidates } };
	return harness.instance().registry.uploads.start(request, bodyOf(), forever);
};

test("a blob is mounted from the first candidate that has it", async () => {
	const instance = harness.instance();
	const digest = await pushBlob(instance, "p/source", "to mount");
	await pushBlob(instance, "p/empty", "something else");
	const outcome = await mount("q/target", "to mount", ["p/no-such", "p/empty", "p/source"]);
	assert.deepEqual(outcome, { kind: "blob", digest });
	assert.equal((await pullBlob(instance, "q/target", digest)).toString(), "to mount");
});

for (const [why, repository, candidates] of [
	["without candidates", "q/other", []],
	["when no candidate has it", "q/other", ["p/empty", "p/no-such"]],
	["when the source lies in another store", "o/far", ["p/source"]],
] as const) {
	test(`an upload is opened instead ${why}`, async () => {
		const outcome = await mount(repository, "to mount", candidates);
		assert.equal(outcome.kind, "upload");
		const stat = harness.instance().registry.blobs.stat(repository, digestOf(Buffer.from("to mount")), forever);
		await assert.rejects(stat, { code: "BLOB_UNKNOWN" });
	});
}

test("a mount into a project that does not exist is NAME_UNKNOWN", async () => {
	await assert.rejects(mount("nowhere/r", "to mount", ["p/source"]), { code: "NAME_UNKNOWN" });
});
