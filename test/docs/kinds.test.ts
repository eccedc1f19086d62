import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { migrations } from "#/metadata/sql/schema/migrations.ts";
import { generateKindPages } from "../support/kind-pages/generated-kind-pages.ts";
import { fileNameOf, withKind } from "../support/kind-pages/kind-page.ts";
import { allReasons, unwritten, withReasons } from "../support/kind-pages/reasons-page.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const pages = generateKindPages();

for (const kind of ALL_KINDS) {
	const path = `docs/kinds/${fileNameOf(kind)}.md`;
	const page = read(path);

	test(`the page of ${kind.kind} has what npm run generate makes of the kind`, () => {
		assert.equal(page, pages.get(path));
	});

	test(`the page of ${kind.kind} tells of every field, column, condition and reason, and is linked`, () => {
		const renamed = { ...kind, columns: kind.columns.map((column) => ({ ...column, name: `${column.name}2` })) };
		assert.notEqual(withKind(page, renamed), page, "a change of the kind is noticed");
		const fields = Array.from(page.matchAll(/^\| `([a-zA-Z[\].]+)` \| /gm), ([, field = ""]) => field);
		for (const name of Object.keys(kind.spec.shape)) assert.ok(fields.includes(name), name);
		for (const name of Object.keys(kind.status.shape)) assert.ok(fields.includes(name), name);
		for (const reason of Object.keys(kind.reasons)) assert.ok(page.includes(`[\`${reason}\`](../troubleshooting.md#`));
		assert.ok(read("README.md").includes(`(${path})`));
	});

	test(`every resource in the page of ${kind.kind} is right as it stands`, () => {
		const blocks = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, block = ""]) => block);
		assert.ok(blocks.length >= 2);
		const documents = blocks.flatMap((block) => parseAllDocuments(block).map((document) => Object(document.toJS())));
		assert.ok(documents.some((one) => one.kind === kind.kind));
		for (const { kind: name, metadata, spec = {} } of documents) {
			if (name === "Secret") continue;
			const definition = ALL_KINDS.find((one) => one.kind === name) ?? assert.fail(name);
			const object = { metadata: { namespace: "default", uid: "u", generation: 1, ...metadata }, spec };
			const parsed = parseResource(definition, object);
			assert.ok("resource" in parsed, JSON.stringify(parsed));
		}
	});
}

test("every reason of a condition has a section in docs/troubleshooting.md, and no other word has", () => {
	const page = read("docs/troubleshooting.md");
	assert.equal(page, withReasons(page));
	assert.deepEqual(unwritten(page), []);
	const headings = Array.from(page.matchAll(/^## (.+)$/gm), ([, heading = ""]) => heading);
	assert.deepEqual(headings, [...allReasons().map(({ word }) => word), "Events"]);
});

test("a reason that nobody wrote about is noticed", () => {
	const page = read("docs/troubleshooting.md").replace(/^## InUse\n[\s\S]*?(?=^## )/m, "");
	assert.deepEqual(unwritten(withReasons(page)), ["InUse"]);
	assert.deepEqual(unwritten(`${page}\n## Invented\n\nNothing.\n`), ["InUse"]);
	assert.ok(!withReasons(`${page}\n## Invented\n\nNothing.\n`).includes("Invented"));
});

test("a reason means the same for every kind that has it", () => {
	for (const { word, meaning } of allReasons()) {
		for (const { kind, reasons } of ALL_KINDS) {
			const own = Object.entries(reasons).find(([name]) => name === word)?.[1];
			assert.ok(own === undefined || own === meaning || word === "NameTaken", `${kind} ${word}`);
		}
	}
});

test("the schemas that docs/upgrade.md says an older release cannot work with are those", () => {
	const rows = Array.from(read("docs/upgrade.md").matchAll(/^\| (\d+) \| does not start/gm), ([, number]) =>
		Number(number),
	);
	const closed = migrations.filter(({ number, oldestReader }) => number > 1 && oldestReader === number);
	assert.deepEqual(
		rows,
		closed.map(({ number }) => number),
	);
	const [, open = ""] = /^\| ([\d, ]+) \| works beside it/m.exec(read("docs/upgrade.md")) ?? [];
	assert.deepEqual(
		open.split(", ").map(Number),
		migrations.filter((one) => one.number > 1 && !closed.includes(one)).map(({ number }) => number),
	);
});

test("links between the pages lead to files and headings that are there", () => {
	const paths = ["README.md", ...globSync("docs/**/*.md", { cwd: root })];
	let followed = 0;
	for (const path of paths) {
		for (const [, target = ""] of read(path).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)) {
			const [file = "", anchor] = target.split("#");
			const at = file === "" ? path : normalize(join(dirname(path), file));
			assert.doesNotThrow(() => globSync(at, { cwd: root }).at(0) ?? assert.fail(), `${path}: ${target}`);
			followed++;
			if (anchor === undefined || !at.endsWith(".md")) continue;
			assert.ok(anchorsOf(read(at)).has(anchor), `${path}: ${target}`);
		}
	}
	assert.ok(followed > 100);
});

/** What headings are linked by. */
const anchorsOf = (page: string): ReadonlySet<string> =>
	new Set(
		Array.from(page.matchAll(/^#+ (.+)$/gm), ([, heading = ""]) =>
			heading
				.toLowerCase()
				.replaceAll(/[^\p{L}\p{N} _-]/gu, "")
				.replaceAll(" ", "-"),
		),
	);
