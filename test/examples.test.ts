import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseConfig } from "#/app/config/load.ts";

const root = join(import.meta.dirname, "..");
const examples = globSync(["examples/registry/*.yaml", "examples/compose/registry.yaml"], { cwd: root }).toSorted();

test("there are examples", () => {
	assert.ok(examples.length > 0);
});

for (const path of examples) {
	test(`${path} is a configuration that can be served`, () => {
		const config = parseConfig(readFileSync(join(root, path), "utf8"), path, {});
		const projects = new Set(config.resources?.projects.map(({ name }) => name));
		const users = new Set(config.resources?.users.map(({ name }) => name));
		assert.ok(projects.size > 0);
		for (const { members, store } of config.resources?.projects ?? []) {
			assert.ok(store in config.stores, `there is a store ${store}`);
			for (const { name } of members) assert.ok(users.has(name), `there is a user ${name}`);
		}
	});
}
