import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseAllDocuments } from "yaml";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { generateCrds } from "./support/generated-crds.ts";

const root = join(import.meta.dirname, "..");
const folder = join(root, "crds");

test("crds/ holds what npm run generate makes of the kinds, and nothing else", async () => {
	const generated = await generateCrds();
	assert.deepEqual(readdirSync(folder).toSorted(), [...generated.keys()].toSorted());
	for (const [name, text] of generated) assert.equal(readFileSync(join(folder, name), "utf8"), text, name);
});

test("limani crds prints the definition of every kind", () => {
	const printed = execFileSync(process.execPath, ["src/main.ts", "crds"], { cwd: root, encoding: "utf8" });
	const definitions = parseAllDocuments(printed).map((document): unknown => document.toJS());
	assert.deepEqual(definitions, JSON.parse(JSON.stringify(ALL_KINDS.map(toCrd))));
});
