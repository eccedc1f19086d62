import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { withReference } from "./support/config-reference.ts";
import { startLimani } from "./support/limani-process.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

test("the reference of the configuration is what npm run generate makes of the schema", () => {
	const page = read("docs/configuration.md");
	assert.equal(withReference(page), page);
});

const EXAMPLES = { "docs/retention.md": 4, "docs/replication.md": 4, "docs/pulling-without-a-secret.md": 3 };

for (const [path, count] of Object.entries(EXAMPLES)) {
	test(`every resource in ${path} is right as it stands`, () => {
		const blocks = Array.from(read(path).matchAll(/^```yaml\n(.*?)^```$/gms), ([, block = ""]) => block);
		assert.ok(blocks.length >= count);
		for (const block of blocks) {
			for (const document of parseAllDocuments(block)) {
				const { kind, metadata, spec } = Object(document.toJS());
				const definition = ALL_KINDS.find((one) => one.kind === kind);
				assert.ok(definition !== undefined, kind);
				const object = { metadata: { namespace: "default", uid: "u", generation: 1, ...metadata }, spec };
				const parsed = parseResource(definition, object);
				assert.ok("resource" in parsed, JSON.stringify(parsed));
			}
		}
	});
}

for (const path of ["docs/retention.md", "docs/replication.md"]) {
	test(`the columns that ${path} shows are those of the kind`, () => {
		const [, plural = "", header = ""] = /^\$ kubectl get (\w+)\n(NAME .*)$/m.exec(read(path)) ?? [];
		const { columns = [] } = ALL_KINDS.find((one) => one.plural === plural) ?? {};
		const shown = columns.filter(({ priority = 0 }) => priority === 0).map(({ name }) => name.toUpperCase());
		assert.deepEqual(header.split(/ {2,}/), ["NAME", ...shown]);
	});
}

/** The words in the first column of the table under a heading. */
const firstColumn = (page: string, heading: string): readonly string[] => {
	const [section = ""] = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split(/\n(?=## )/);
	const cells = Array.from(section.matchAll(/^\| (`[^|]+) \|/gm), ([, cell = ""]) => cell);
	return cells.flatMap((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, word = ""]) => word));
};

test("the metrics that are documented are those that a registry has", async () => {
	await using limani = await startLimani();
	const text = await (await fetch(`${limani.url}/metrics`)).text();
	const has = Array.from(text.matchAll(/^# TYPE (\S+) /gm), ([, name = ""]) => name);
	const documented = firstColumn(read("docs/operations.md"), "Metrics");
	assert.deepEqual(documented.toSorted(), has.filter((name) => name.startsWith("limani_")).sort());
	const others = Array.from(
		read("docs/operations.md").matchAll(/`((?:process|nodejs)_\w+)`/g),
		([, name = ""]) => name,
	);
	assert.ok(others.length > 0);
	for (const name of others) assert.ok(has.includes(name), name);
});

test("the log messages that are documented are in the sources", () => {
	const documented = firstColumn(read("docs/operations.md"), "Logs");
	assert.ok(documented.length > 5);
	const sources = globSync("src/**/*.ts", { cwd: root }).map(read).join("\n");
	for (const message of documented) assert.ok(sources.includes(`"${message}"`), message);
});

test("the options that the pages give to a command are options of that command", () => {
	const options = new Map<string, Set<string>>();
	for (const path of ["README.md", "CONTRIBUTING.md", ...globSync("docs/*.md", { cwd: root })]) {
		// `npm start` runs standalone mode, and passes on what follows `--`.
		const text = read(path).replaceAll("npm start -- ", "limani standalone ").replaceAll("node src/main.ts", "limani");
		for (const [, command = "", rest = ""] of text.matchAll(/\blimani ([a-z][a-z-]*) ([^`\n]*--[a-z][^`\n]*)/g)) {
			const known = options.get(command) ?? new Set();
			options.set(command, known);
			for (const [option] of rest.matchAll(/--(?!help\b)[a-z][a-z-]*/g)) known.add(option);
		}
	}
	assert.deepEqual([...options.keys()].toSorted(), [
		"backup",
		"bundle",
		"probe",
		"rebuild",
		"registry",
		"restore",
		"retention",
		"standalone",
		"verify",
	]);
	for (const [command, given] of options) {
		const args = ["src/main.ts", command, "--help"];
		const output = execFileSync(process.execPath, args, { cwd: root, encoding: "utf8" });
		for (const option of given) assert.match(output, new RegExp(`${option}\\b`), `limani ${command}`);
	}
});
