import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const packageSchema = z.object({
	optional: z.boolean().optional(),
	resolved: z.string().optional(),
	version: z.string().optional(),
	os: z.union([z.string(), z.array(z.string())]).optional(),
	optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const lockSchema = z.object({ packages: z.record(z.string(), packageSchema) });
const manifestSchema = z.object({
	license: z.string(),
	scripts: z.record(z.string(), z.string()),
	dependencies: z.record(z.string(), z.string()),
	devDependencies: z.record(z.string(), z.string()),
	optionalDependencies: z.record(z.string(), z.string()),
});

const { packages } = lockSchema.parse(JSON.parse(read("package-lock.json")));
const manifest = manifestSchema.parse(JSON.parse(read("package.json")));

test("the lock file names no registry", () => {
	const resolved = Object.entries(packages).filter(([, { resolved }]) => resolved?.startsWith("http"));
	assert.deepEqual(resolved, []);
});

test("the lock file holds every platform's package that it names, without which npm ci refuses it", () => {
	const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
		Object.keys(optionalDependencies).filter((name) => {
			const places = [`node_modules/${name}`, `${path}/node_modules/${name}`];
			return !places.some((place) => packages[place]?.version !== undefined);
		}),
	);
	assert.deepEqual(missing, []);
});

test("every dependency is pinned to one version", () => {
	const { dependencies, devDependencies, optionalDependencies } = manifest;
	for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
		assert.match(version, /^\d+\.\d+\.\d+$/, name);
	}
});

test("the Node that comes with the packages is one version, and the one that runs this", () => {
	const versions = new Set(Object.values(manifest.optionalDependencies));
	assert.equal(versions.size, 1);
	assert.equal(process.versions.node.split(".")[0], "26");
	if (existsSync(join(root, `node_modules/node-linux-${process.arch}`))) {
		assert.ok(versions.has(process.versions.node), `this is ${process.version}: run it by npm, or by npx node`);
	}
});

test("the licence is Apache 2.0, to the letter", () => {
	assert.equal(manifest.license, "Apache-2.0");
	const digest = createHash("sha256").update(read("LICENSE")).digest("hex");
	assert.equal(digest, "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30");
});

test("every suite of test/e2e has a script of its name", () => {
	for (const folder of globSync("test/e2e/*/", { cwd: root })) {
		const name =
			folder
				.replace(/[\\/]$/, "")
				.split(/[\\/]/)
				.at(-1) ?? "";
		assert.equal(manifest.scripts[`test:${name}`], `node test/support/run.ts ${name}`);
	}
});

test("decisions are numbered without a gap, have all their parts, and stand in the table with their state", () => {
	const index = read("docs/decisions/README.md");
	const records = globSync("docs/decisions/[0-9]*.md", { cwd: root }).toSorted();
	assert.ok(records.length > 0);
	records.forEach((path, position) => {
		const number = String(position + 1).padStart(4, "0");
		const file = path.split(/[\\/]/).at(-1) ?? "";
		const [, title, state] = /^# \d{4} · (.+)\n\nState: (.+)\n/.exec(read(path)) ?? [];
		assert.ok(file.startsWith(`${number}-`) && read(path).startsWith(`# ${number} · `), `${file} is number ${number}`);
		assert.match(state ?? "", /^(proposed|accepted|refused|replaced by \d{4})$/, file);
		assert.ok(index.includes(`| [${number}](${file}) | ${title} | ${state} |`), `${file} stands in the table as it is`);
		const parts = Array.from(read(path).matchAll(/^## (.+)$/gm), ([, part]) => part);
		assert.deepEqual(parts, ["Context", "Decision", "Consequences", "Alternatives"], file);
	});
});

test("links from one file of the documentation to another lead somewhere", () => {
	const pages = globSync(["*.md", "docs/**/*.md", ".ci/**/*.md"], { cwd: root });
	assert.ok(pages.length > 0);
	const broken = pages.flatMap((page) =>
		Array.from(withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target)
			.filter((target) => !/^(?:https?:|mailto:|#)/.test(target))
			.filter((target) => !existsSync(join(root, dirname(page), target.replace(/#.*$/, ""))))
			.map((target) => `${page}: ${target}`),
	);
	assert.deepEqual(broken, []);
});

test("commands that the documentation names exist", () => {
	const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root });
	const named = pages.flatMap((page) =>
		Array.from(read(page).matchAll(/\bnpm run ([\w:-]+)/g), ([, name = ""]) => name),
	);
	const unknown = named.filter((name) => name !== "test:" && manifest.scripts[name] === undefined);
	assert.deepEqual(unknown, []);
});

function withoutCode(markdown: string): string {
	return markdown.replace(/^```[\s\S]*?^```/gm, "");
}
