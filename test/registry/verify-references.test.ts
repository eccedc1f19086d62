import assert from "node:assert/strict";
import { test } from "node:test";
import type { Finding } from "#/registry/verify.ts";
import { verifyReferences } from "#/registry/verify-references.ts";
import { actor, Bench, digestOf, done } from "../conformance/metadata/bench.ts";
import { forever } from "../support/registry.ts";
import { openInspectedMetadata } from "../support/sqlite-metadata.ts";

/** What is found after a row was lost. */
const findingsAfter = async (loss: string): Promise<readonly string[]> => {
	await using on = await openInspectedMetadata();
	const bench = new Bench(on.metadata);
	await bench.projects("a");
	for (const text of ["kept", "deleted", "unused"]) await bench.push("a/x", text);
	await bench.put("a/x", { blobs: ["kept"] });
	const gone = await bench.put("a/x", { blobs: ["deleted"] });
	await done(bench.metadata.manifests.remove("a/x", gone, actor));
	const look = async (): Promise<readonly Finding[]> => {
		const found: Finding[] = [];
		const deps = { objects: on.metadata.objects, found: (finding: Finding) => void found.push(finding) };
		const { references, findings } = await verifyReferences(deps, "default", forever);
		assert.ok(references > 5);
		assert.equal(findings, found.length);
		return found;
	};
	assert.deepEqual(await look(), []);
	on.rows(loss.replaceAll(/\b(kept|deleted|unused)\b(?=')/g, (text) => digestOf(text)));
	return (await look()).map(({ kind, key, expected }) => {
		assert.equal(kind, "dangling");
		const text = ["kept", "deleted", "unused"].find((one) => digestOf(one) === key) ?? assert.fail(key);
		return `${text}: ${expected}`;
	});
};

test("a blob without its object, a link without its blob and a manifest without its link are found", async () => {
	assert.deepEqual(await findingsAfter("DELETE FROM objects WHERE digest = 'kept'"), [
		"kept: an object with its bytes",
	]);
	assert.deepEqual(await findingsAfter("UPDATE objects SET state = 'deleting' WHERE digest = 'unused'"), [
		"unused: an object with its bytes",
	]);
	assert.deepEqual(await findingsAfter("DELETE FROM blobs WHERE digest = 'unused'"), [
		"unused: the blob that is linked in a/x",
	]);
	assert.deepEqual(await findingsAfter("DELETE FROM repository_blobs WHERE digest = 'kept'"), [
		"kept: the link that a manifest of a/x needs",
	]);
});

test("a deleted manifest that could not be restored whole is found", async () => {
	assert.deepEqual(await findingsAfter("DELETE FROM repository_blobs WHERE digest = 'deleted'"), []);
	assert.deepEqual(await findingsAfter("DELETE FROM blobs WHERE digest = 'deleted'"), [
		"deleted: the blob that is linked in a/x",
		"deleted: the blob of a deleted manifest of a/x, which can be restored",
	]);
});
