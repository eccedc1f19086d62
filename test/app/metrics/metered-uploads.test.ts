import assert from "node:assert/strict";
import { it } from "node:test";
import { meteredUploads } from "#/app/metrics/metered-uploads.ts";
import { createMeters } from "#/app/metrics/meters.ts";
import { digestOf } from "#/oci/digest.ts";
import { bodyOf, brokenBody } from "../../support/bodies.ts";
import { forever, openRegistryHarness } from "../../support/registry.ts";

const start = { repository: "p/app", actor: "user:ann" };
const digest = digestOf(Buffer.from("bytes"));

it("counts what uploads come to, their bytes, and the requests under way", async () => {
	await using harness = await openRegistryHarness();
	const { registry, uploads: meters } = createMeters();
	const uploads = meteredUploads(harness.instance().registry.uploads, meters);
	const value = async (name: string, outcome?: string): Promise<number | undefined> => {
		const metric = await registry.getSingleMetric(name)?.get();
		return metric?.values.find(({ labels }) => labels.outcome === outcome)?.value;
	};

	let underWay: number | undefined;
	const watched = async function* () {
		yield* bodyOf("by");
		underWay = await value("limani_upload_requests");
		yield* bodyOf("tes");
	};
	await uploads.start({ ...start, digest }, watched(), forever);
	assert.equal(underWay, 1);
	const mounted = await uploads.start(
		{ ...start, repository: "p/other", mount: { digest, candidates: ["p/app"] }, digest },
		bodyOf("bytes"),
		forever,
	);
	assert.equal(mounted.kind, "blob");
	for (const end of ["finish", "cancel"] as const) {
		const begun = await uploads.start(start, bodyOf(), forever);
		assert.ok(begun.kind === "upload");
		const upload = { repository: "p/app", id: begun.upload.id };
		await uploads.append(upload, bodyOf("byte"), forever);
		if (end === "finish") await uploads.finish({ ...upload, digest, actor: start.actor }, bodyOf("s"), forever);
		else await uploads.cancel(upload.repository, upload.id, forever);
	}
	await assert.rejects(uploads.start({ ...start, digest }, brokenBody(new Error("gone"), "byt"), forever));

	assert.equal(await value("limani_uploads_total", "finished"), 2);
	assert.equal(await value("limani_uploads_total", "mounted"), 1);
	assert.equal(await value("limani_uploads_total", "begun"), 2);
	assert.equal(await value("limani_uploads_total", "cancelled"), 1);
	assert.equal(await value("limani_upload_bytes_total"), 5 + 5 + 4 + 3);
	assert.equal(await value("limani_upload_requests"), 0);
});
