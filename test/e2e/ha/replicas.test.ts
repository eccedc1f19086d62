// Three equal replicas over PostgreSQL and an object store: any of them serves any request, also while one of them, or
// all, cannot reach the database, and while they are replaced one after the other.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { ask, bearerOf, manifestOf, pushBlob, putManifest } from "../../support/ha/ask.ts";
import { PullLoad } from "../../support/ha/pull-load.ts";
import { PushLoad } from "../../support/ha/push-load.ts";
import { SEED } from "../../support/ha/settings.ts";
import { type HaWorld, openHaWorld } from "../../support/ha/world.ts";
import { HttpClient } from "../../support/http-client.ts";
import { ADMIN_AUTHORIZATION } from "../../support/limani-process.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");
const random = seededRandom(SEED);

/** Longer than a balancer may take to notice on a busy machine. */
const STOP_DELAY_MS = 4_000;
const CONNECTIONS = 8;

test(`three replicas are one registry (SEED=${SEED})`, { skip: s3.skip }, async (t) => {
	const config = { limits: { stopDelay: `${STOP_DELAY_MS}ms`, drain: "60s" } };
	await using world = await openHaWorld(t, { postgres, s3, config });
	if (world === undefined) return;
	const [first, second, third] = world.replicas.map(({ url }) => url);
	assert.ok(first !== undefined && second !== undefined && third !== undefined);
	const urls = [first, second, third] as const;
	await t.test("an upload that begins at one replica goes on at the others and ends at any", () => wander(urls));
	await t.test("what one replica changed, the others say at once", () => changes(urls));
	await t.test("a token of one replica is believed by all, which publish the same keys", () => tokens(urls));
	await t.test("what needs no database asks it nothing, and a pull asks once", () => questions(urls[0]));
	await t.test("connections to the database are bounded, however many clients come at once", () => bounded(world));
	await t.test("a replica that is cut off says so, serves what it knows, and comes back by itself", () =>
		cutOff(world),
	);
	await t.test("without the database digests are pulled everywhere, and nothing is pushed", () => outage(urls, world));
	await t.test("no pull and no push fails while replicas are replaced one by one", (each) => rolling(each, world));
});

type Urls = readonly [string, string, string];

const wander = async (urls: Urls): Promise<void> => {
	const bytes = randomBytes(random, 7_000_000);
	const { headers } = await ask(urls[0], { method: "POST", path: "/v2/team/wander/blobs/uploads/" });
	const path = headers.location ?? assert.fail("no Location");
	let offset = 0;
	for (const [index, end] of [100, 5_500_000, 5_500_001, 6_900_000].entries()) {
		const body = [bytes.subarray(offset, end)];
		const range = { "content-range": `${offset}-${end - 1}` };
		const url = urls[(index + 1) % 3] ?? urls[0];
		const answer = await ask(url, { method: "PATCH", path, headers: range, body });
		assert.deepEqual([answer.status, answer.headers.range], [202, `0-${end - 1}`]);
		for (const other of urls) {
			assert.equal((await ask(other, { method: "GET", path })).headers.range, `0-${end - 1}`);
		}
		offset = end;
	}
	const late = { "content-range": "0-9" };
	const refused = await ask(urls[1], { method: "PATCH", path, headers: late, body: [bytes.subarray(0, 10)] });
	assert.deepEqual([refused.status, refused.headers.range], [416, `0-${offset - 1}`]);
	const digest = digestOf(bytes);
	const put = { method: "PUT", path: `${path}?digest=${digest}`, body: [bytes.subarray(offset)] };
	assert.equal((await ask(urls[2], put)).status, 201);
	for (const url of urls) {
		const got = await ask(url, { method: "GET", path: `/v2/team/wander/blobs/${digest}` });
		assert.equal(Buffer.compare(got.body, bytes), 0);
	}
};

const changes = async (urls: Urls): Promise<void> => {
	const config = randomBytes(random, 500);
	await pushBlob(urls[0], "team/changes", config);
	const tag = "/v2/team/changes/manifests/latest";
	const reads = async (): Promise<readonly (readonly [number, string])[]> => {
		const answers = await Promise.all(urls.map((url) => ask(url, { method: "GET", path: tag })));
		return answers.map(({ status, body }) => [status, status === 200 ? digestOf(body) : ""] as const);
	};
	for (let round = 0; round < 6; round++) {
		const writer = urls[round % 3] ?? urls[0];
		const manifest = manifestOf(config, `round ${round}`);
		assert.equal((await putManifest(writer, tag, manifest)).status, 201);
		const digest = digestOf(manifest);
		assert.deepEqual(
			await reads(),
			[0, 1, 2].map(() => [200, digest]),
		);
		const listed = await ask(urls[(round + 1) % 3] ?? urls[0], { method: "GET", path: "/v2/team/changes/tags/list" });
		assert.match(String(listed.body), /"latest"/);
		assert.equal((await ask(writer, { method: "DELETE", path: `/v2/team/changes/manifests/${digest}` })).status, 202);
		assert.deepEqual(
			await reads(),
			[0, 1, 2].map(() => [404, ""]),
		);
		for (const url of urls) {
			const gone = await ask(url, { method: "HEAD", path: `/v2/team/changes/manifests/${digest}` });
			assert.equal(gone.status, 404, "what was read by digest before is not remembered");
		}
	}
	const blob = `/v2/team/changes/blobs/${digestOf(config)}`;
	for (const url of urls) assert.equal((await ask(url, { method: "GET", path: blob })).status, 200);
	assert.equal((await ask(urls[1], { method: "DELETE", path: blob })).status, 202);
	for (const url of urls) assert.equal((await ask(url, { method: "GET", path: blob })).status, 404);
};

const tokens = async (urls: Urls): Promise<void> => {
	await pushBlob(urls[0], "team/tokens", Buffer.from("any"));
	const path = `/v2/team/tokens/blobs/${digestOf(Buffer.from("any"))}`;
	for (const issuer of urls) {
		const bearer = await bearerOf(issuer, "team/tokens");
		for (const url of urls) assert.equal((await ask(url, { method: "GET", path }, bearer)).status, 200);
	}
	const sets = await Promise.all(urls.map((url) => ask(url, { method: "GET", path: "/.well-known/jwks.json" })));
	assert.equal(sets[0]?.status, 200);
	assert.equal(new Set(sets.map(({ body }) => String(body))).size, 1);
};

/** How often the replica has run each command and query of its metadata. */
const callsOf = async (url: string): Promise<ReadonlyMap<string, number>> => {
	const text = String((await ask(url, { method: "GET", path: "/metrics" })).body);
	const lines = text.matchAll(/^limani_metadata_duration_seconds_count\{operation="([^"]+)"\} (\d+)$/gm);
	return new Map([...lines].map(([, operation = "", count]) => [operation, Number(count)]));
};

const TIMES = 100;

const questions = async (url: string): Promise<void> => {
	const config = Buffer.from("any");
	const manifest = manifestOf(config, "for questions");
	assert.equal((await putManifest(url, "/v2/team/tokens/manifests/asked", manifest)).status, 201);
	const bearer = await bearerOf(url, "team/tokens");
	/** What is asked of metadata with each request; work behind the requests asks far more seldom. */
	const asked = async (path: string, method = "GET"): Promise<readonly string[]> => {
		const send = async () => assert.equal((await ask(url, { method, path }, bearer)).status, 200);
		await send();
		const before = await callsOf(url);
		for (let i = 0; i < TIMES; i++) await send();
		const counts = [...(await callsOf(url))].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
		return counts.flatMap(([name, count]) => Array<string>(Math.round(count / TIMES)).fill(name));
	};
	assert.deepEqual(await asked("/v2/"), []);
	assert.deepEqual(await asked("/.well-known/jwks.json"), []);
	// Whether the repository has it is asked each time, and nothing else: who may pull is in the token, and the bytes of a
	// manifest are remembered.
	const blob = `/v2/team/tokens/blobs/${digestOf(config)}`;
	const byDigest = `/v2/team/tokens/manifests/${digestOf(manifest)}`;
	for (const method of ["GET", "HEAD"]) {
		assert.deepEqual(await asked(blob, method), ["blobs.find"], `${method} of a blob`);
		assert.deepEqual(await asked(byDigest, method), ["manifests.find"], `${method} of a manifest by digest`);
		assert.deepEqual(await asked("/v2/team/tokens/manifests/asked", method), ["manifests.find"], `${method} by tag`);
	}
};

const bounded = async ({ balancer, replicas, databaseUrl }: HaWorld): Promise<void> => {
	const path = `/v2/team/tokens/blobs/${digestOf(Buffer.from("any"))}`;
	const bearer = await bearerOf(balancer.url, "team/tokens");
	const count = async (): Promise<number> => {
		const sql = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'limani'";
		return Number((await query(databaseUrl, sql)).rows[0]?.n);
	};
	let most = 0;
	let isOver = false;
	const watching = (async () => {
		while (!isOver) most = Math.max(most, await count());
	})();
	const statuses = await Promise.all(
		Array.from({ length: 300 }, async () => (await ask(balancer.url, { method: "GET", path }, bearer)).status),
	);
	isOver = true;
	await watching;
	assert.deepEqual([...new Set(statuses)], [200]);
	assert.ok(most <= replicas.length * CONNECTIONS, `${most} connections`);
};

/** Content of which every replica has been asked by digest. */
const prepare = async (urls: readonly string[], repository: string) => {
	const config = randomBytes(random, 900);
	const manifest = manifestOf(config);
	const first = urls[0] ?? assert.fail();
	await pushBlob(first, repository, config);
	assert.equal((await putManifest(first, `/v2/${repository}/manifests/v1`, manifest)).status, 201);
	const bearer = await bearerOf(first, repository);
	const paths = [`manifests/${digestOf(manifest)}`, `blobs/${digestOf(config)}`] as const;
	const pull = async (url: string): Promise<readonly number[]> =>
		Promise.all(
			paths.map(async (path) => (await ask(url, { method: "GET", path: `/v2/${repository}/${path}` }, bearer)).status),
		);
	for (const url of urls) assert.deepEqual(await pull(url), [200, 200]);
	const byTag = (url: string) => ask(url, { method: "GET", path: `/v2/${repository}/manifests/v1` }, bearer);
	const push = (url: string) => putManifest(url, `/v2/${repository}/manifests/v2`, manifest);
	return { pull, byTag, push };
};

const isReady = async (url: string): Promise<boolean> =>
	fetch(`${url}/readyz`, { signal: AbortSignal.timeout(10_000) }).then(async (response) => {
		await response.arrayBuffer();
		return response.ok;
	});

const cutOff = async ({ replicas, balancer }: HaWorld): Promise<void> => {
	const { pull, byTag, push } = await prepare(
		replicas.map(({ url }) => url),
		"team/cut",
	);
	const [cut, ...others] = replicas;
	const from = performance.now();
	await cut.network.cutDatabase();
	try {
		const [digests, tag, pushed] = await Promise.all([pull(cut.url), byTag(cut.url), push(cut.url)]);
		const took = performance.now() - from;
		assert.deepEqual([digests, tag.status, pushed.status], [[200, 200], 503, 503]);
		assert.match(tag.headers["retry-after"] ?? "", /^\d+$/);
		assert.ok(took < 15_000, `it took ${took} ms to notice`);
		const again = performance.now();
		assert.deepEqual(await pull(cut.url), [200, 200]);
		assert.equal((await byTag(cut.url)).status, 503);
		assert.ok(performance.now() - again < 2_000, "once it is known, nobody waits");
		assert.equal(await isReady(cut.url), false);
		await eventually(() => assert.equal(balancer.ready, others.length));
		for (let i = 0; i < 6; i++) assert.equal((await byTag(balancer.url)).status, 200, "nobody is sent there");
	} finally {
		await cut.network.heal();
	}
	await eventually(async () => assert.equal(await isReady(cut.url), true));
	assert.equal((await byTag(cut.url)).status, 200);
	assert.equal((await push(cut.url)).status, 201);
};

const outage = async (urls: Urls, { postgres: server }: HaWorld): Promise<void> => {
	const { pull, byTag, push } = await prepare(urls, "team/outage");
	await server.crash();
	for (const url of urls) {
		assert.deepEqual(await pull(url), [200, 200]);
		for (const refused of [await byTag(url), await push(url)]) {
			assert.equal(refused.status, 503);
			assert.match(refused.headers["retry-after"] ?? "", /^\d+$/);
		}
		assert.equal(await isReady(url), false);
	}
	await server.start();
	for (const url of urls) {
		await eventually(async () => assert.equal(await isReady(url), true));
		assert.equal((await byTag(url)).status, 200);
		assert.equal((await push(url)).status, 201);
	}
};

const rolling = async (t: TestContext, { balancer, replicas, lives }: HaWorld): Promise<void> => {
	const allReady = () => eventually(() => assert.equal(balancer.ready, replicas.length));
	await allReady();
	using pulls = await PullLoad.open({ url: balancer.url, seed: SEED, restMs: 60 });
	using pushes = new PushLoad({ url: balancer.url, lives, seed: SEED, pushers: 2, restMs: 200 });
	pulls.start();
	pushes.start();
	const ends: number[] = [];
	for (const replica of replicas) {
		await allReady();
		const slow = pushSlowly(replica.url, STOP_DELAY_MS + 3_000);
		await sleep(500);
		ends.push(await replica.terminate());
		assert.equal(await slow, 201, "an upload that had begun is let finish");
		await replica.start();
	}
	await pulls.stop();
	await pushes.stop();
	const took = ends.map((ms) => Math.round(ms)).join(", ");
	t.diagnostic(`${pulls.pulls} pulls, ${JSON.stringify(pushes.figures)}; they ended after ${took} ms`);
	assert.deepEqual(pulls.failed, []);
	assert.equal(pushes.figures.unanswered, 0);
	assert.ok(pulls.pulls > 50 && pushes.figures.acknowledged > 0);
};

/** Pushes a blob in one request that takes so many milliseconds. @returns the status */
const pushSlowly = async (url: string, ms: number): Promise<number | undefined> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION, 60_000);
	const bytes = randomBytes(random, 2_000_000);
	const pieces = 20;
	const size = bytes.byteLength / pieces;
	const body = Array.from({ length: pieces }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
	const path = `/v2/team/slow/blobs/uploads/?digest=${digestOf(bytes)}`;
	return (await client.call({ method: "POST", path, body, pauseMs: ms / (pieces - 1) }))?.status;
};
