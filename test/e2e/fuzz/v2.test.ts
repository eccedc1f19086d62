// Whatever is said to /v2: never a 5xx, never a hang, never a file outside of the store. SEED and DURATION (seconds for
// each test) repeat a run or prolong it.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, startLimani } from "../../support/limani-process.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { RawConnection } from "../../support/raw-http.ts";
import { type Fill, sendWildRequest } from "../../support/send-wild-request.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { type WildRequest, wildRequest } from "../../support/v2-requests.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const DURATION = Number(process.env.DURATION ?? 8);

/** Requests one after another; several such go on at once. */
const conversation = fc.array(wildRequest, { minLength: 1, maxLength: 3 });
/** How often what requests are about is renewed: some of them delete it. */
const RUNS_A_FILL = 5;

const authorization = ADMIN_AUTHORIZATION;
const BLOB = Buffer.from("{ } ");

const postgres = privatePostgres();

describe("the fuzzer", () => {
	it("finds no weak spot with SQLite and files", async (test) => {
		await attack(test, {});
	});

	it("finds no weak spot with PostgreSQL and files", async (test) => {
		const url = await postgres.database(test);
		if (url !== undefined) await attack(test, { database: { postgres: { url } } });
	});
});

const attack = async (test: TestContext, config: Readonly<Record<string, unknown>>): Promise<void> => {
	const outside = temporaryDirectory(test);
	const dataDir = join(outside, "data");
	mkdirSync(dataDir);
	writeFileSync(join(outside, "canary"), "alive");
	await using limani = await startLimani({ dataDir, config });
	const before = filesBelow(outside);
	let requests = 0;
	let fill: Fill = await filler(limani);
	const statuses = new Map<number | undefined, number>();
	const property = fc.asyncProperty(fc.array(conversation, { minLength: 1, maxLength: 6 }), async (conversations) => {
		const answered = (await Promise.all(conversations.map((wild) => converse(limani, wild, fill)))).flat();
		for (const status of answered) statuses.set(status, (statuses.get(status) ?? 0) + 1);
		requests += answered.length;
	});
	const deadline = performance.now() + DURATION * 1_000;
	for (let round = 0; performance.now() < deadline; round++) {
		fill = await filler(limani);
		await fc.assert(property, { seed: SEED + round, numRuns: RUNS_A_FILL });
	}
	const shares = [...statuses]
		.toSorted(([, a], [, b]) => b - a)
		.map(([status, count]) => `${status ?? "closed"} ${count}`);
	test.diagnostic(`seed ${SEED}: ${requests} requests: ${shares.join(", ")}`);
	assert.ok(requests > 50 && (statuses.get(201) ?? 0) > 0, "the fuzzer hardly got through");
	assert.equal(limani.child.exitCode, null);
	await assertServes(limani);
	assert.deepEqual(strangersAmong(before, filesBelow(outside)), []);
	assert.equal(readFileSync(join(outside, "canary"), "utf8"), "alive");
};

/** Sends requests one after another, on one connection for as long as that may be used. */
const converse = async (
	{ address }: LimaniProcess,
	wild: readonly WildRequest[],
	fill: Fill,
): Promise<readonly (number | undefined)[]> => {
	const answered: (number | undefined)[] = [];
	const left = [...wild];
	while (left.length > 0) {
		using connection = await RawConnection.open(Number(address.split(":")[1]));
		for (let request = left.shift(); request !== undefined; request = left.shift()) {
			const { status, isReusable } = await sendWildRequest(connection, request, fill);
			assertFine(status);
			answered.push(status);
			if (!isReusable) break;
		}
	}
	return answered;
};

/** Node itself says 501 and 505 of what is not HTTP as it knows it. */
const assertFine = (status = 200): void => {
	assert.ok(status >= 200 && (status < 500 || status === 501 || status === 505), `answered ${status}`);
};

/** What the registry has now, for requests to be about. */
const filler = async ({ url }: LimaniProcess): Promise<Fill> => {
	const call = async (method: string, path: string, body?: string | Buffer, type?: string): Promise<Response> => {
		const headers = { authorization, ...(type === undefined ? {} : { "content-type": type }) };
		const response = await fetch(`${url}/v2/team/fuzz/${path}`, { method, headers, ...(body && { body }) });
		assert.ok(response.status < 300 || response.status === 429, `${method} ${path}: ${response.status}`);
		await response.arrayBuffer();
		return response;
	};
	const blob = digestOf(BLOB);
	await call("POST", `blobs/uploads/?digest=${blob}`, BLOB);
	const descriptor = { mediaType: "application/vnd.oci.empty.v1+json", digest: blob, size: BLOB.length };
	const text = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor, layers: [descriptor] });
	await call("PUT", "manifests/latest", text, OCI_MANIFEST);
	const upload = (await call("POST", "blobs/uploads/")).headers.get("docker-upload-uuid") ?? "none";
	return (given) =>
		given
			.replaceAll("{upload}", upload)
			.replaceAll("{blob}", blob)
			.replaceAll("{manifest}", digestOf(Buffer.from(text)))
			.replaceAll("{authorization}", authorization);
};

const assertServes = async (limani: LimaniProcess): Promise<void> => {
	assert.equal((await fetch(`${limani.url}/readyz`)).status, 200);
	const fill = await filler(limani);
	const response = await fetch(`${limani.url}/v2/team/fuzz/blobs/${fill("{blob}")}`, { headers: { authorization } });
	assert.deepEqual(Buffer.from(await response.arrayBuffer()), BLOB);
	assert.equal(
		(await fetch(`${limani.url}/v2/team/fuzz/manifests/latest`, { headers: { authorization } })).status,
		200,
	);
};

const filesBelow = (directory: string): readonly string[] =>
	readdirSync(directory, { recursive: true, withFileTypes: true })
		.filter((entry) => !entry.isDirectory())
		.map((entry) => relative(directory, join(entry.parentPath, entry.name)))
		.toSorted();

/** What a registry makes: objects under keys of its own, and the database's files. */
const OWN = [
	/^data\/stores\/default\/(?:data|staged)\/[0-9a-f]{2}\/[0-9A-Z]{26}(?:\.sha(?:256|512)-[0-9a-f]+)?$/,
	/^data\/stores\/default\/(?:data|staged)\/(?:journal|snapshot)\/\d{12}-[0-9A-Z]{26}$/,
	/^data\/limani\.db[\w.-]*$/,
];

const strangersAmong = (before: readonly string[], after: readonly string[]): readonly string[] => {
	const known = new Set(before);
	return after.filter((path) => !known.has(path) && !OWN.some((pattern) => pattern.test(path)));
};
