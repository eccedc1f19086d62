import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findViolations } from "./support/architecture.ts";

const root = join(import.meta.dirname, "..", "src");

/** Each planted file must be found, by the words that are expected of its sentence. */
const planted: readonly (readonly [path: string, text: string, expected: RegExp])[] = [
	[
		"lib/clock.ts",
		'import { isDigest } from "#/oci/digest.ts";\n',
		/imports oci\/digest\.ts, which is on no lower floor/,
	],
	["oci/digest.ts", 'export { open } from "#/app/open.ts";\n', /on no lower floor/],
	["auth/tokens.ts", 'import type { Registry } from "#/registry/registry.ts";\n', /on no lower floor/],
	["http/admin.ts", 'import { plan } from "#/operator/project/plan.ts";\n', /on no lower floor/],
	["app/serve.ts", 'import "#/main.ts";\n', /on no lower floor/],
	["registry/push.ts", 'import {\n\ttype A,\n\tb,\n} from "#/features/gc/index.ts";\n', /on no lower floor/],
	["registry/pull.ts", 'const late = await import("#/http/reply.ts");\n', /on no lower floor/],
	["registry/hash.ts", 'new Worker(new URL("./../http/v2/worker.ts", import.meta.url));\n', /on no lower floor/],
	["registry/up.ts", 'import { a } from "../oci/digest.ts";\n', /climbs/],
	["storage/s3/index.ts", 'import { a } from "#/storage/gcs/index.ts";\n', /units of storage\/ do not see each other/],
	["features/gc/run.ts", 'import { a } from "#/features/quota/index.ts";\n', /units of features\/ do not see/],
	["storage/open.ts", 'import { a } from "./s3/index.ts";\n', /units of storage\/ do not see each other/],
	["metadata/sql/run.ts", 'import { a } from "#/metadata/sqlite/open.ts";\n', /units of metadata\/ do not see/],
	["registry/open.ts", 'import { a } from "#/storage/s3/index.ts";\n', /drivers are opened in app\/ alone/],
	["storage/gcs/index.ts", 'import { S3Client } from "@aws-sdk/client-s3";\n', /the package @aws-sdk\/client-s3/],
	["registry/query.ts", 'import { DatabaseSync } from "node:sqlite";\n', /the package node:sqlite/],
	["registry/pool.ts", 'import type { Pool } from "pg";\n', /the package pg/],
	["auth/route.ts", 'import { Router } from "express";\n', /the package express/],
	["registry/serve.ts", 'import type { IncomingMessage } from "node:http";\n', /the package node:http/],
	["lib/stray.ts", 'import pick from "lodash/fp";\n', /the package lodash/],
	["registry/config.ts", "export const home = process.env.HOME;\n", /reads the environment/],
	["registry/environment.ts", 'import { env } from "node:process";\n', /reads the environment/],
	["lib/best.ts", "export default function best() {}\n", /default export/],
	["lib/other.ts", "export { best as default };\n", /default export/],
	["lib/load.ts", "const found = await import(name);\n", /computed name/],
	["lib/long.ts", "\n".repeat(401), /401 lines/],
	["utils/strings.ts", "\n", /stands in no unit/],
	["server.ts", "\n", /stands in no unit/],
];

/** None of these breaks anything. */
const sound: readonly (readonly [path: string, text: string])[] = [
	["main.ts", 'import { serve } from "#/app/serve.ts";\n'],
	["app/config.ts", 'import { open } from "#/storage/s3/index.ts";\nexport const home = process.env.HOME;\n'],
	["http/v2/blobs.ts", 'import { reply } from "#/http/reply.ts";\nimport { a } from "./range.ts";\n'],
	["storage/s3/index.ts", 'import type { BlobStore } from "#/storage/blob-store.ts";\nimport "@aws-sdk/client-s3";\n'],
	["metadata/sqlite/writer.ts", 'import { run } from "#/metadata/sql/run.ts";\nimport "node:sqlite";\n'],
	[
		"lib/example.ts",
		'/**\n * @example\n * import { a } from "#/app/a.ts";\n */\n// import "#/app/b.ts";\nimport "node:fs";\n',
	],
	["lib/full.ts", "\n".repeat(400)],
];

test("the sources keep to their floors, their packages and their size", () => {
	const paths = globSync("**/*.{ts,tsx}", { cwd: root }).toSorted();
	assert.ok(paths.length > 0, "no sources were found");
	const files = new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
	assert.deepEqual(findViolations(files), []);
});

for (const [path, text, expected] of planted) {
	test(`a planted violation in ${path} is found: ${expected.source}`, () => {
		const [violation = "", ...more] = findViolations(new Map([[path, text]]));
		assert.match(violation, expected);
		assert.ok(violation.startsWith(`${path}: `));
		assert.deepEqual(more, []);
	});
}

test("sound files are left in peace", () => {
	assert.deepEqual(findViolations(new Map(sound)), []);
});
