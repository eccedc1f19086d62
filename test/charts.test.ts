import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generateCharts } from "./support/chart/generated-charts.ts";

const charts = join(import.meta.dirname, "..", "charts");
const read = (path: string): string => readFileSync(join(charts, path), "utf8");

test("charts/ holds what npm run generate makes of the kinds and of the schema of values", () => {
	const generated = generateCharts();
	for (const [path, text] of generated) assert.equal(read(path), text, path);
	const definitions = [...generated.keys()].filter((path) => path.startsWith("limani/templates/crds/"));
	assert.deepEqual(
		readdirSync(join(charts, "limani/templates/crds")).toSorted(),
		definitions.map((path) => path.slice("limani/templates/crds/".length)).toSorted(),
	);
});
