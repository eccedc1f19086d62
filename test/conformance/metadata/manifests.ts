import assert from "node:assert/strict";
import { type Bench, digestOf, done, type MetadataCase, manifestInput, project, refusalOf } from "./bench.ts";

const head = { payload: false };

/** Manifests and tags. */
export const manifestCases: readonly MetadataCase[] = [
	{
		name: "a manifest is found by tag and by digest, byte for byte, with the facts of its repository",
		async run(bench) {
			await bench.apply([project("a", { visibility: "Public", sparseIndexes: true })]);
			const payload = Uint8Array.from({ length: 600 }, (_, index) => index % 256);
			const digest = await bench.put("a/b", { payload, tags: ["v1"] });
			for (const reference of [
				{ kind: "tag", tag: "v1" },
				{ kind: "digest", digest },
			] as const) {
				const found = await bench.metadata.manifests.find("a/b", reference, { payload: true });
				assert.deepEqual(new Uint8Array(found?.manifest?.payload ?? []), payload);
				const { id, projectId, ...facts } = found?.repository ?? assert.fail();
				assert.ok(id > 0 && projectId > 0);
				assert.deepEqual(facts, {
					name: "a/b",
					project: "a",
					visibility: "Public",
					store: "default",
					sparseIndexes: true,
					quotaBytes: undefined,
					published: true,
				});
				const mediaType = "application/vnd.oci.image.manifest.v1+json";
				const without = await bench.metadata.manifests.find("a/b", reference, head);
				assert.deepEqual(without?.manifest, { digest, mediaType, size: 600 });
			}
		},
	},
	{
		name: "an unknown tag, digest or repository is absent",
		async run(bench) {
			await bench.projects("a");
			const { manifests } = bench.metadata;
			await bench.put("a/b", { tags: ["v1"] });
			const unknown = await manifests.find("a/b", { kind: "tag", tag: "v2" }, head);
			assert.equal(unknown?.manifest, undefined);
			assert.equal(unknown?.repository.name, "a/b");
			const missing = await manifests.find("a/b", { kind: "digest", digest: digestOf("x") }, { payload: true });
			assert.equal(missing?.manifest, undefined);
			assert.equal(await manifests.find("a/c", { kind: "tag", tag: "v1" }, head), undefined);
			// An underscore is no wildcard, and neither is anything else.
			assert.equal((await manifests.find("a/b", { kind: "tag", tag: "v_" }, head))?.manifest, undefined);
		},
	},
	{
		name: "a push into an unknown or deleted project is refused and leaves nothing",
		async run(bench) {
			await bench.projects("a");
			await bench.apply([], ["uid-a"]);
			for (const repository of ["a/x", "b/x", "b"]) {
				const refusal = await refusalOf(bench.tryPut(repository));
				assert.deepEqual(refusal, { reason: "project-unknown", project: repository.slice(0, 1) });
			}
			await bench.projects("a");
			assert.equal(await bench.metadata.repositories.find("a/x"), undefined);
		},
	},
	{
		name: "a manifest is refused while a blob or child of it is missing, and names them",
		async run(bench) {
			await bench.projects("a", "b");
			await bench.push("a/x", "here");
			await bench.push("b/x", "elsewhere");
			const child = digestOf("child");
			const refused = await refusalOf(
				bench.tryPut("a/x", { blobs: ["here", "elsewhere", "nowhere"], children: [child] }),
			);
			assert.deepEqual(refused, {
				reason: "content-unknown",
				blobs: [digestOf("elsewhere"), digestOf("nowhere")],
				manifests: [child],
			});
			assert.equal((await bench.metadata.repositories.find("a/x"))?.published, false);
			const first = await refusalOf(bench.tryPut("a/new", { blobs: ["here"] }));
			assert.equal(first.reason, "content-unknown");
			assert.equal(await bench.metadata.repositories.find("a/new"), undefined, "a refused push makes no repository");
			await bench.checkUsage();
		},
	},
	{
		name: "a project with sparse indexes takes an index whose children are missing, and still no missing blob",
		async run(bench) {
			await bench.apply([project("a", { sparseIndexes: true })]);
			await bench.put("a/x", { children: [digestOf("child")] });
			const refused = await refusalOf(bench.tryPut("a/x", { children: [digestOf("child")], blobs: ["b"] }));
			assert.equal(refused.reason, "content-unknown");
		},
	},
	{
		name: "a descriptor with a wrong size is refused",
		async run(bench) {
			await bench.projects("a");
			const { digest } = await bench.push("a/x", "twelve bytes");
			const input = { ...manifestInput("a/x", {}), blobs: [{ digest, size: 11 }] };
			const refused = await refusalOf(bench.metadata.manifests.put(input));
			assert.deepEqual(refused, { reason: "size-mismatch", digest, expected: 11, actual: 12 });
		},
	},
	{
		name: "putting the same manifest again creates nothing and still moves tags",
		async run(bench) {
			await bench.projects("a");
			await bench.push("a/x", "layer");
			const old = await bench.put("a/x", { text: "old", tags: ["latest"] });
			const manifest = { blobs: ["layer"], tags: ["v1"] };
			assert.deepEqual(await bench.tryPut("a/x", manifest), { created: true, previous: [undefined] });
			assert.deepEqual(await bench.tryPut("a/x", { ...manifest, tags: ["v1", "latest", "new"] }), {
				created: false,
				previous: [manifestInput("a/x", manifest).digest, old, undefined],
			});
			assert.deepEqual(await bench.metadata.manifests.tags("a/x", { limit: 10 }), ["latest", "new", "v1"]);
			assert.equal(await bench.tag("a/x", "latest"), manifestInput("a/x", manifest).digest);
			await bench.checkUsage();
		},
	},
	{
		name: "a tag condition is judged for each tag, against the tag as it stands",
		run: judgesConditions,
	},
	{
		name: "an index's child and a manifest's blob are in use, and at most ten users are named",
		async run(bench) {
			await bench.projects("a");
			const { digest } = await bench.push("a/x", "layer");
			const child = await bench.put("a/x", { blobs: ["layer"] });
			for (let index = 0; index < 12; index++)
				await bench.put("a/x", { text: `${index}`, children: [child], blobs: ["layer"] });
			const { manifests, blobs } = bench.metadata;
			const ofChild = await refusalOf(manifests.remove("a/x", child, "ann"));
			assert.ok(ofChild.reason === "in-use" && ofChild.by.length === 10);
			const ofBlob = await refusalOf(blobs.unlink("a/x", digest, "ann"));
			assert.ok(ofBlob.reason === "in-use" && ofBlob.by.length === 10);
		},
	},
	{
		name: "removing a manifest takes every tag on it and lets go of what it referenced",
		async run(bench) {
			await bench.projects("a");
			const { digest: blob } = await bench.push("a/x", "layer");
			const { manifests, blobs } = bench.metadata;
			const child = await bench.put("a/x", { blobs: ["layer"], tags: ["c", "a"] });
			const other = await bench.put("a/x", { text: "other", tags: ["o"] });
			const index = await bench.put("a/x", { children: [child], tags: ["i"] });
			assert.deepEqual(await done(manifests.remove("a/x", index, "ann")), { tags: ["i"] });
			assert.deepEqual(await done(manifests.remove("a/x", child, "ann")), { tags: ["a", "c"] });
			assert.deepEqual(await manifests.tags("a/x", { limit: 9 }), ["o"]);
			assert.equal(await bench.tag("a/x", "o"), other);
			assert.deepEqual(await done(blobs.unlink("a/x", blob, "ann")), { unlinked: true });
			assert.deepEqual(await refusalOf(manifests.remove("a/x", child, "ann")), {
				reason: "manifest-unknown",
				reference: child,
			});
			assert.equal((await refusalOf(manifests.remove("a/y", child, "ann"))).reason, "repository-unknown");
			await bench.checkUsage();
		},
	},
	{
		name: "a tag is removed alone, under its condition",
		async run(bench) {
			await bench.projects("a");
			const { manifests } = bench.metadata;
			const digest = await bench.put("a/x", { tags: ["v1"] });
			const other = { ifMatch: [digestOf("other")] };
			assert.deepEqual(await refusalOf(manifests.removeTag("a/x", "v1", other, "ann")), {
				reason: "precondition",
				current: digest,
			});
			assert.deepEqual(await done(manifests.removeTag("a/x", "v1", { ifMatch: [digest] }, "ann")), { digest });
			assert.deepEqual(await refusalOf(manifests.removeTag("a/x", "v1", undefined, "ann")), {
				reason: "manifest-unknown",
				reference: "v1",
			});
			assert.deepEqual(await manifests.tags("a/x", { limit: 9 }), []);
			const kept = await manifests.find("a/x", { kind: "digest", digest }, head);
			assert.equal(kept?.manifest?.digest, digest);
		},
	},
	{
		name: "tags come in byte order, page by page",
		async run(bench) {
			await bench.projects("a");
			const { manifests } = bench.metadata;
			await bench.put("a/x", { tags: ["b", "a", "_", "B", "10", "9", "a.1", "a-1"] });
			const inOrder = ["10", "9", "B", "_", "a", "a-1", "a.1", "b"];
			assert.deepEqual(await manifests.tags("a/x", { limit: 100 }), inOrder);
			assert.deepEqual(await manifests.tags("a/x", { limit: 3, last: "9" }), ["B", "_", "a"]);
			assert.deepEqual(await manifests.tags("a/x", { limit: 3, last: "a0" }), ["b"]);
			assert.deepEqual(await manifests.tags("a/x", { limit: 0 }), []);
			await bench.upload("a/unpublished");
			assert.equal(await manifests.tags("a/unpublished", { limit: 1 }), undefined);
			assert.equal(await manifests.tags("a/none", { limit: 1 }), undefined);
		},
	},
	{
		name: "referrers of a subject come in order of the digest, by artifact type, whether the subject is there or not",
		run: listsReferrers,
	},
];

async function judgesConditions(bench: Bench): Promise<void> {
	await bench.projects("a");
	const one = await bench.put("a/x", { text: "1", tags: ["v"] });
	const stopped = async (condition: object, tags: string[] = ["v"]) => {
		const refused = await refusalOf(bench.tryPut("a/x", { text: "2", tags, condition }));
		return refused.reason === "precondition" && refused.current;
	};
	assert.equal(await stopped({ ifNoneMatch: "*" }), one);
	assert.equal(await stopped({ ifNoneMatch: [digestOf("z"), one] }), one);
	assert.equal(await stopped({ ifMatch: [digestOf("z")] }), one);
	assert.equal(await stopped({ ifMatch: "*" }, ["w"]), undefined);
	assert.equal(await stopped({ ifMatch: [one] }, ["v", "w"]), undefined);
	assert.equal(await bench.tag("a/x", "w"), undefined, "refused whole");
	assert.equal(await bench.tag("a/x", "v"), one);
	const two = await bench.put("a/x", { text: "2", tags: ["v"], condition: { ifMatch: [digestOf("z"), one] } });
	assert.equal(await bench.tag("a/x", "v"), two);
	await bench.put("a/x", { text: "1", tags: ["v"], condition: { ifMatch: "*", ifNoneMatch: [one] } });
	await bench.put("a/x", { text: "1", tags: ["n"], condition: { ifNoneMatch: "*" } });
	assert.equal(await bench.tag("a/x", "n"), one);
	// In a repository that is not there yet, no tag is.
	const first = await refusalOf(bench.tryPut("a/new", { tags: ["v"], condition: { ifMatch: "*" } }));
	assert.deepEqual(first, { reason: "precondition", current: undefined });
	assert.equal(await bench.metadata.repositories.find("a/new"), undefined);
}

async function listsReferrers(bench: Bench): Promise<void> {
	await bench.projects("a");
	const { manifests } = bench.metadata;
	const subject = digestOf("subject");
	const annotations = { "org.example": "ü" };
	const all = [];
	for (let index = 0; index < 7; index++) {
		const artifactType = index % 2 === 0 ? "text/sbom" : undefined;
		all.push({
			digest: await bench.put("a/x", { text: `${index}`, subject, artifactType, annotations }),
			artifactType,
		});
	}
	await bench.put("a/x", { text: "other", subject: digestOf("other") });
	await bench.put("a/y", { text: "elsewhere", subject });
	const sorted = all.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
	const found = await manifests.referrers("a/x", subject, { limit: 100 });
	assert.deepEqual(
		found.map(({ digest, artifactType }) => ({ digest, artifactType })),
		sorted,
	);
	assert.deepEqual(found[0]?.annotations, annotations);
	assert.ok(found.every((row) => row.size > 0 && row.mediaType.length > 0));
	const page = await manifests.referrers("a/x", subject, { limit: 2, last: sorted[1]?.digest });
	assert.deepEqual(
		page.map((row) => row.digest),
		sorted.slice(2, 4).map((row) => row.digest),
	);
	const sboms = await manifests.referrers("a/x", subject, { limit: 100, artifactType: "text/sbom" });
	assert.deepEqual(
		sboms.map((row) => row.digest),
		sorted.filter((row) => row.artifactType !== undefined).map((row) => row.digest),
	);
	assert.deepEqual(await manifests.referrers("a/none", subject, { limit: 1 }), []);
}
