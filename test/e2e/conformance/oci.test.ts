// The official conformance suites of the OCI Distribution Specification, against `limani registry` as a user runs it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { promisify } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { ADMIN, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { requirePart } from "../../support/parts.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { privateS3, S3_PART_BYTES, s3Bucket, s3Keys } from "../../support/s3.ts";

const run = promisify(execFile);

/** Everything that a registry may or may not have, and Limani has. */
const OPTIONAL = {
	OCI_API_BLOBS_UPLOAD_CANCEL: "true",
	OCI_API_BLOBS_DIGEST_HEADER: "true",
	OCI_API_MANIFESTS_DIGEST_HEADER: "true",
	OCI_API_MANIFESTS_TAG_PARAM: "true",
};

const postgres = privatePostgres();
const storage = privateS3("radosgw");

/** Starts a registry; undefined where a part is missing. */
type Start = (test: TestContext) => Promise<LimaniProcess | undefined>;

const overS3: Start = async (test) => {
	if (requirePart(test, "radosgw") === undefined) return undefined;
	const url = await postgres.database(test);
	if (url === undefined) return undefined;
	const endpoint = await storage.endpoint();
	// A registry shares its place with no other.
	const prefix = `${randomUUID()}/`;
	const s3 = { bucket: s3Bucket, prefix, endpoint, pathStyle: true, partSize: S3_PART_BYTES, ...s3Keys };
	return startLimani({ config: { workers: 2, database: { postgres: { url } }, stores: { default: { s3 } } } });
};

const PLACES: readonly (readonly [where: string, start: Start])[] = [
	["on files and SQLite", () => startLimani()],
	["on S3 and PostgreSQL, with several processes", overS3],
];

for (const [where, start] of PLACES) {
	describe(`the official conformance suite ${where}`, () => {
		for (const version of ["1.1", "dev"]) {
			it(`passes whole, nothing skipped, by version ${version} of the specification`, async (test) => {
				await using limani = await start(test);
				if (limani !== undefined) await runSuite(test, limani, { OCI_VERSION: version, ...OPTIONAL });
			});
		}

		it("passes in its older form, tag v1.1.1", async (test) => {
			await using limani = await start(test);
			if (limani !== undefined) await runOlderSuite(test, limani);
		});
	});
}

const runOlderSuite = async (test: TestContext, limani: LimaniProcess): Promise<void> => {
	const suite = requirePart(test, "oci-conformance-v1");
	if (suite === undefined) return;
	const results = temporaryFolder(test);
	const { stdout } = await run(suite, [], {
		env: {
			PATH: process.env.PATH,
			OCI_ROOT_URL: limani.url,
			OCI_NAMESPACE: "team/conformance/one",
			OCI_CROSSMOUNT_NAMESPACE: "team/conformance/two",
			OCI_USERNAME: ADMIN.user,
			OCI_PASSWORD: ADMIN.password,
			OCI_TEST_PULL: "1",
			OCI_TEST_PUSH: "1",
			OCI_TEST_CONTENT_DISCOVERY: "1",
			OCI_TEST_CONTENT_MANAGEMENT: "1",
			OCI_HIDE_SKIPPED_WORKFLOWS: "0",
			OCI_DELETE_MANIFEST_BEFORE_BLOBS: "1",
			OCI_REPORT_DIR: results,
		},
	});
	assert.match(stdout, /74 Passed/);
	assert.match(stdout, /0 Failed/);
};

const counts = z.object({ apis: z.record(z.string(), z.string()), data: z.record(z.string(), z.string()) });

/** Runs the suite; a failure, a skip or an error fails the test. What the configuration left out is named. */
const runSuite = async (test: TestContext, limani: LimaniProcess, settings: NodeJS.ProcessEnv): Promise<void> => {
	const suite = requirePart(test, "oci-conformance");
	if (suite === undefined) return;
	const results = temporaryFolder(test);
	const { stdout } = await run(suite, [], {
		maxBuffer: 64 * 1024 * 1024,
		env: {
			PATH: process.env.PATH,
			OCI_REGISTRY: limani.address,
			OCI_TLS: "disabled",
			OCI_REPO1: "team/conformance/one",
			OCI_REPO2: "team/conformance/two",
			OCI_USERNAME: ADMIN.user,
			OCI_PASSWORD: ADMIN.password,
			OCI_RESULTS_DIR: results,
			OCI_LOG: "warn",
			...settings,
		},
	}).catch((error: unknown) => {
		const output = typeof error === "object" && error !== null && "stdout" in error ? String(error.stdout) : "";
		throw new Error(`the suite failed:\n${linesWith(output, /FAIL|Error/).join("\n")}`);
	});
	const number = (name: string): number => Number(new RegExp(`^\\s*${name}\\.*:\\s*(\\d+)$`, "m").exec(stdout)?.[1]);
	test.diagnostic(`${number("Pass")} passed, ${number("Skip")} skipped, ${number("Disabled")} disabled`);
	assert.ok(number("Pass") > 800);
	assert.deepEqual(linesWith(stdout, /: Skip$/), []);
	assert.equal(number("FAIL") + number("Error"), 0);
	const { apis, data } = counts.parse(
		JSON.parse(JSON.stringify(parse(readFileSync(join(results, "results.yaml"), "utf8")))),
	);
	const left = Object.entries({ ...apis, ...data }).filter(([, state]) => state !== "Pass");
	// Images whose layers were never pushed are not for a registry that promises that what it lists can be pulled.
	assert.deepEqual(
		left.map(([name]) => name),
		["Sparse Manifests"],
	);
};

const linesWith = (text: string, pattern: RegExp): string[] => text.split("\n").filter((line) => pattern.test(line));

const temporaryFolder = (test: TestContext): string => {
	const folder = mkdtempSync(join(tmpdir(), "limani-conformance-"));
	test.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
};
