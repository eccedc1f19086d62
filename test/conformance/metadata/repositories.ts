import assert from "node:assert/strict";
import { type Bench, type MetadataCase, project } from "./bench.ts";

/** Projects, repositories and the catalog. */
export const repositoryCases: readonly MetadataCase[] = [
	{
		name: "projects come in byte order, and without those that are deleted",
		async run(bench) {
			await bench.projects("b", "a", "a-b", "c");
			await bench.apply([
				project("d", { visibility: "Internal", members: [{ kind: "User", name: "eva", role: "guest" }] }),
			]);
			await bench.apply([], ["uid-c"]);
			const { projects } = bench.metadata;
			const names = async (page: { last?: string; limit: number }) =>
				(await projects.list(page)).map(({ name }) => name);
			assert.deepEqual(await names({ limit: 10 }), ["a", "a-b", "b", "d"]);
			assert.deepEqual(await names({ limit: 2, last: "a" }), ["a-b", "b"]);
			const { id, ...found } = (await projects.find("d")) ?? assert.fail();
			assert.ok(id > 0);
			assert.deepEqual(found, {
				uid: "uid-d",
				name: "d",
				visibility: "Internal",
				store: "default",
				sparseIndexes: false,
				members: [{ kind: "User", name: "eva", role: "guest" }],
			});
			assert.equal(await projects.find("c"), undefined);
		},
	},
	{
		name: "a repository has the store of its project, and stays there until it is moved",
		async run(bench) {
			await bench.projects("a");
			await bench.put("a/old");
			await bench.apply([{ ...project("a", { store: "cold" }), generation: 2 }]);
			await bench.put("a/new");
			const { repositories } = bench.metadata;
			assert.equal((await repositories.find("a/old"))?.store, "default");
			assert.equal((await repositories.find("a/new"))?.store, "default");
		},
	},
	{
		name: "the catalog has published repositories in byte order, page by page, whatever the scope",
		run: pagesTheCatalog,
	},
	{
		name: "a scope of many projects, most of them empty, gives full pages",
		async run(bench) {
			const names = Array.from({ length: 700 }, (_, index) => `p${String(index).padStart(4, "0")}`);
			await bench.projects(...names);
			for (const name of [names[3], names[300], names[699]]) await bench.put(`${name}/x`);
			const scope = { projects: names };
			const { repositories } = bench.metadata;
			assert.deepEqual(await repositories.catalog(scope, { limit: 10 }), ["p0003/x", "p0300/x", "p0699/x"]);
			assert.deepEqual(await repositories.catalog(scope, { limit: 1, last: "p0300/x" }), ["p0699/x"]);
			assert.deepEqual(await repositories.catalog({ projects: [] }, { limit: 1 }), []);
		},
	},
	{
		name: "a deleted project hides its repositories until it comes back",
		async run(bench) {
			await bench.projects("a", "b");
			const digest = await bench.put("a/x", { tags: ["v"] });
			await bench.put("b/x");
			await bench.push("a/x", "blob");
			const { repositories, manifests, projects } = bench.metadata;
			await bench.apply([], ["uid-a"]);
			assert.equal(await projects.find("a"), undefined);
			assert.equal(await repositories.find("a/x"), undefined);
			assert.equal(await manifests.tags("a/x", { limit: 1 }), undefined);
			assert.equal(await manifests.find("a/x", { kind: "digest", digest }, { payload: true }), undefined);
			assert.deepEqual(await repositories.catalog("all", { limit: 9 }), ["b/x"]);
			assert.deepEqual(await repositories.catalog({ projects: ["a", "b"] }, { limit: 9 }), ["b/x"]);
			await bench.projects("a");
			assert.equal(await bench.tag("a/x", "v"), digest);
			assert.deepEqual(await repositories.catalog("all", { limit: 9 }), ["a/x", "b/x"]);
			await bench.checkUsage();
		},
	},
];

async function pagesTheCatalog(bench: Bench): Promise<void> {
	const projects = ["a", "a-b", "a.b", "ab", "b", "c"];
	await bench.projects(...projects);
	const names = ["a", "a/1", "a/2", "a/2/x", "a/3", "a-b/1", "a.b", "a.b/1", "ab", "ab/1", "ab/2", "c/1"].toSorted();
	for (const name of names.toReversed()) await bench.put(name);
	await bench.upload("a/unpublished");
	const { repositories } = bench.metadata;
	for (const scope of ["all", { projects }, { projects: ["a", "ab"] }, { projects: ["a-b", "b", "c"] }] as const) {
		const seen = names.filter((name) => scope === "all" || scope.projects.some((p) => p === name.split("/")[0]));
		for (let limit = 1; limit <= names.length + 1; limit++) {
			const pages: string[] = [];
			for (;;) {
				const last = pages.at(-1);
				const page = await repositories.catalog(scope, { limit, last });
				pages.push(...page);
				if (page.length < limit) break;
			}
			assert.deepEqual(pages, seen, `limit ${limit}`);
		}
		// From names that are none.
		for (const last of ["", "a/", "a/2/", "a.", "aa", "ab/1/x", "zz"]) {
			const rest = seen.filter((name) => name > last);
			assert.deepEqual(await repositories.catalog(scope, { limit: 4, last }), rest.slice(0, 4), `after ${last}`);
		}
	}
}
