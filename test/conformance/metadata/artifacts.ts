import assert from "node:assert/strict";
import type { PolicyProjects } from "#/api/policy-selectors.ts";
import type { Artifact } from "#/metadata/artifacts.ts";
import { actor, type Bench, digestOf, done, type MetadataCase, project, refusalOf } from "./bench.ts";

const all = { names: { matching: ["**"], excluding: [] } };

const namesOf = async ({ metadata: { artifacts } }: Bench, projects: PolicyProjects, limit = 99) => {
	const names: string[] = [];
	for (let last: string | undefined; ; last = names.at(-1)) {
		const page = await artifacts.repositories(projects, { last, limit });
		names.push(...page.map(({ repository }) => repository));
		assert.ok(page.length <= limit);
		if (page.length < limit) return names;
	}
};

const byDigest = async ({ metadata: { artifacts } }: Bench, repository: string) =>
	new Map((await artifacts.list(repository, { limit: 1_000 })).map((artifact) => [artifact.digest, artifact]));

const findIn = async (bench: Bench, repository: string, digest: string): Promise<Artifact> =>
	(await byDigest(bench, repository)).values().find((artifact) => artifact.digest === digest) ?? assert.fail();

const idOf = async ({ metadata: { repositories } }: Bench, name: string): Promise<number> =>
	(await repositories.find(name))?.id ?? assert.fail();

/** Manifests as policies see them. */
export const artifactCases: readonly MetadataCase[] = [
	{
		name: "repositories of projects come in the order of their names, by uid or by pattern, page by page",
		async run(bench) {
			await bench.projects("a", "a-b", "ab", "gone", "lib");
			for (const name of ["a/x", "a/y/z", "a-b/x", "a-b/w", "ab/x", "lib", "gone/x"]) await bench.put(name);
			await bench.upload("a/empty");
			await bench.apply([], ["uid-gone"]);
			const uids = (...of: string[]) => ({ uids: of.map((name) => `uid-${name}`) });
			for (const limit of [1, 2, 99]) {
				assert.deepEqual(await namesOf(bench, all, limit), ["a-b/w", "a-b/x", "a/x", "a/y/z", "ab/x", "lib"]);
				assert.deepEqual(await namesOf(bench, uids("ab", "a", "gone", "none"), limit), ["a/x", "a/y/z", "ab/x"]);
				const some = { names: { matching: ["a*", "l?b"], excluding: ["a"] } };
				assert.deepEqual(await namesOf(bench, some, limit), ["a-b/w", "a-b/x", "ab/x", "lib"]);
			}
			assert.deepEqual(await namesOf(bench, uids()), []);
			assert.deepEqual(await bench.metadata.artifacts.repositories(uids("lib"), { limit: 1 }), [
				{ repository: "lib", project: "lib", projectUid: "uid-lib" },
			]);
		},
	},
	{ name: "a manifest is listed with its tags, its size, what it names and what names it", run: listsAll },
	{
		name: "a page of manifests follows the last, each with its own tags",
		async run(bench) {
			await bench.projects("a");
			const { artifacts } = bench.metadata;
			const digests: string[] = [];
			for (const text of ["1", "2", "3", "4", "5"]) {
				digests.push(await bench.put("a/x", { text, tags: [`t${text}`, `u${text}`] }));
				await bench.put("a/y", { text, tags: [`other${text}`] });
			}
			const seen: Artifact[] = [];
			for (let page = await artifacts.list("a/x", { limit: 2 }); page.length > 0; ) {
				seen.push(...page);
				page = await artifacts.list("a/x", { last: page.at(-1)?.digest, limit: 2 });
			}
			assert.deepEqual(
				seen.map(({ digest }) => digest),
				digests.toSorted(),
			);
			for (const { digest, tags } of seen) {
				const text = digests.indexOf(digest) + 1;
				assert.deepEqual(tags, [`t${text}`, `u${text}`]);
			}
			assert.deepEqual(await artifacts.list("a/none", { limit: 9 }), []);
		},
	},
	{ name: "the last pull counts, goes with its manifest for good, and comes back with it", run: notesPulls },
	{ name: "a manifest is retired if it is as it was seen, and can be restored", run: retires },
	{
		name: "a manifest that was pushed again since it was seen stays, and so does a child of an index",
		async run(bench) {
			await bench.projects("a");
			const { artifacts } = bench.metadata;
			const digest = await bench.put("a/x", { text: "1" });
			const seen = await findIn(bench, "a/x", digest);
			while ((await findIn(bench, "a/x", digest)).pushedAt === seen.pushedAt) await bench.put("a/x", { text: "1" });
			const refusal = await refusalOf(artifacts.retire("a/x", seen, actor));
			assert.deepEqual(refusal, { reason: "precondition", current: digest });
			const index = await bench.put("a/x", { text: "index", children: [digest] });
			const child = await findIn(bench, "a/x", digest);
			assert.deepEqual(await refusalOf(artifacts.retire("a/x", child, actor)), { reason: "in-use", by: [index] });
			const gone = { ...seen, digest: digestOf("none") };
			assert.equal((await refusalOf(artifacts.retire("a/x", gone, actor))).reason, "manifest-unknown");
			assert.equal((await refusalOf(artifacts.retire("a/none", seen, actor))).reason, "repository-unknown");
		},
	},
];

async function listsAll(bench: Bench): Promise<void> {
	await bench.apply([project("a", { immutability: [{ tags: { matching: ["v*"] } }] })]);
	for (const text of ["config", "layer", "shared"]) await bench.push("a/x", text);
	const before = Date.now() - 60_000;
	const image = await bench.put("a/x", {
		blobs: ["config", "layer", "shared", "layer"],
		artifactType: "application/vnd.oci.image.config.v1+json",
		tags: ["v1", "b", "a"],
		annotations: { key: "value" },
	});
	const plain = await bench.put("a/x", { blobs: ["shared"], subject: image });
	const index = await bench.put("a/x", { text: "index", children: [image, plain], tags: ["latest"] });
	const found = await byDigest(bench, "a/x");
	assert.equal(found.size, 3);
	const sizeOf = async (digest: string) => {
		const { manifests } = bench.metadata;
		const reference = { kind: "digest" as const, digest: [...found.keys()].find((one) => one === digest) ?? image };
		return (await manifests.find("a/x", reference, { payload: false }))?.manifest?.size ?? assert.fail();
	};
	const { pushedAt, ...artifact } = found.get(image) ?? assert.fail();
	assert.ok(pushedAt > before && pushedAt < Date.now() + 60_000);
	assert.deepEqual(artifact, {
		digest: image,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		artifactType: "application/vnd.oci.image.config.v1+json",
		subject: undefined,
		size: (await sizeOf(image)) + "configlayershared".length,
		pulledAt: undefined,
		tags: ["a", "b", "v1"],
		isChild: true,
		children: [],
		isImmutable: true,
		annotations: { key: "value" },
	});
	assert.deepEqual([found.get(plain)?.subject, found.get(plain)?.tags, found.get(plain)?.isChild], [image, [], true]);
	const list = found.get(index);
	assert.deepEqual([list?.children, list?.isChild, list?.isImmutable], [[image, plain].toSorted(), false, false]);
	assert.equal(list?.size, await sizeOf(index));
}

async function notesPulls(bench: Bench): Promise<void> {
	await bench.projects("a");
	await bench.forgetful("b");
	const { manifests, pulls, history } = bench.metadata;
	const digest = await bench.put("a/x", { text: "1" });
	const other = await bench.put("a/x", { text: "2" });
	await bench.put("b/x", { text: "1" });
	const [a, b] = [await idOf(bench, "a/x"), await idOf(bench, "b/x")];
	const pulledAt = async (repository = "a/x") => (await byDigest(bench, repository)).get(digest)?.pulledAt;
	const note = (repositoryId: number, at: number) => pulls.note([{ repositoryId, digest, at }]);
	assert.equal(await pulledAt(), undefined);
	await pulls.note([
		{ repositoryId: a, digest, at: 1_000 },
		{ repositoryId: 999_999, digest, at: 5_000 },
		{ repositoryId: a, digest: digestOf("none"), at: 5_000 },
		{ repositoryId: b, digest, at: 2_000 },
		{ repositoryId: a, digest, at: 3_000 },
	]);
	assert.equal(await pulledAt(), 3_000);
	await note(a, 2_500);
	assert.equal(await pulledAt(), 3_000, "an older one changes nothing");
	assert.equal((await byDigest(bench, "a/x")).get(other)?.pulledAt, undefined);
	await note(a, Date.now() + 1e9);
	assert.ok(((await pulledAt()) ?? 0) < Date.now() + 60_000, "no pull is in the future");
	const last = await pulledAt();
	await done(manifests.remove("a/x", digest, actor));
	await note(a, Date.now());
	await history.restoreManifest({ repository: "a/x", digest, actor });
	assert.equal(await pulledAt(), last);
	await done(manifests.remove("b/x", digest, actor));
	await bench.put("b/x", { text: "1" });
	assert.equal(await pulledAt("b/x"), undefined);
	const many = Array.from({ length: 450 }, (_, i) => ({ repositoryId: b, digest, at: i + 1 }));
	await Promise.all([pulls.note(many), pulls.note(many.toReversed()), pulls.note([])]);
	assert.equal(await pulledAt("b/x"), 450);
}

async function retires(bench: Bench): Promise<void> {
	await bench.projects("a");
	const { artifacts, pulls, manifests, history } = bench.metadata;
	await bench.push("a/x", "layer");
	const digest = await bench.put("a/x", { blobs: ["layer"], tags: ["b", "a"] });
	const seen = await findIn(bench, "a/x", digest);
	const changes = [
		() => pulls.note([{ repositoryId, digest, at: 1_000 }]),
		() => manifests.removeTag("a/x", "a", undefined, actor),
		() => bench.put("a/x", { blobs: ["layer"], tags: ["c"] }),
	];
	const repositoryId = await idOf(bench, "a/x");
	let expected = seen;
	for (const change of changes) {
		await change();
		assert.equal((await refusalOf(artifacts.retire("a/x", expected, actor))).reason, "precondition");
		expected = await findIn(bench, "a/x", digest);
	}
	assert.deepEqual(await artifacts.retire("a/x", expected, "policy"), { retired: true });
	assert.deepEqual(await artifacts.list("a/x", { limit: 9 }), []);
	const [deleted] = (await history.deleted({ repository: "a/x", limit: 9 }))?.entries ?? [];
	assert.deepEqual([deleted?.digest, deleted?.endedBy], [digest, "policy"]);
	assert.equal((await refusalOf(artifacts.retire("a/x", expected, actor))).reason, "manifest-unknown");
	const back = await history.restoreManifest({ repository: "a/x", digest, actor });
	assert.ok("tags" in back && back.tags.length === 2);
	assert.equal((await findIn(bench, "a/x", digest)).pulledAt, 1_000);
	await bench.checkUsage();
}
