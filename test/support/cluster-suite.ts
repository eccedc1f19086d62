// What a registry of several processes promises, seen from outside: run on every database that can carry one.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { digestOf } from "#/oci/digest.ts";
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from "#/oci/media-types.ts";
import { crashRun } from "./crash-run.ts";
import { type Answer, type Call, HttpClient } from "./http-client.ts";
import { limaniCommand } from "./limani-command.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, spawnLimani, startLimani } from "./limani-process.ts";
import { childrenOf, signal } from "./process-lives.ts";
import { pick, randomBytes, seededRandom } from "./seeded-random.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

type Config = Readonly<Record<string, unknown>>;

/** Opens the configuration of a database for a test; undefined where there is none, which skips the test. */
export type OpenDatabaseConfig = (test: TestContext) => Promise<Config | undefined>;

const WORKERS = 3;
const SEED = Number(process.env.SEED ?? 20_261_122);

/** Clients with a connection each, which the processes take in turns. */
const connect = (t: TestContext, url: string, count: number): readonly HttpClient[] => {
	const clients = Array.from({ length: count }, () => new HttpClient(url, ADMIN_AUTHORIZATION));
	t.after(() => {
		for (const client of clients) client[Symbol.dispose]();
	});
	return clients;
};

const send = async (client: HttpClient, call: Call): Promise<Answer> =>
	(await client.call(call)) ?? assert.fail(`${call.method} ${call.path} was not answered`);

const inTurn = <T>(all: readonly T[], index: number): T => all[index % all.length] ?? assert.fail();

const statuses = (answers: readonly Answer[]): readonly number[] => answers.map(({ status }) => status).sort();

const BLOBS = "/v2/team/r/blobs/";

const startUpload = async (client: HttpClient): Promise<string> => {
	const { status, headers } = await send(client, { method: "POST", path: `${BLOBS}uploads/` });
	assert.equal(status, 202);
	return headers.location ?? assert.fail();
};

const pushBlob = async (client: HttpClient, bytes: Buffer): Promise<Answer> =>
	send(client, { method: "POST", path: `${BLOBS}uploads/?digest=${digestOf(bytes)}`, body: [bytes] });

const pushBlobInTwo = async (client: HttpClient, bytes: Buffer): Promise<Answer> => {
	const path = `${await startUpload(client)}?digest=${digestOf(bytes)}`;
	const half = bytes.byteLength >> 1;
	return send(client, { method: "PUT", path, body: [bytes.subarray(0, half), bytes.subarray(half)], pauseMs: 20 });
};

const EMPTY = Buffer.from("{}");

const manifestOf = (annotations: Readonly<Record<string, string>>): Buffer =>
	Buffer.from(
		JSON.stringify({
			schemaVersion: 2,
			mediaType: OCI_MANIFEST,
			config: { mediaType: OCI_CONFIG, digest: digestOf(EMPTY), size: EMPTY.byteLength },
			layers: [{ mediaType: OCI_LAYER, digest: digestOf(EMPTY), size: EMPTY.byteLength }],
			annotations,
		}),
	);

const putTag = (client: HttpClient, tag: string, manifest: Buffer, condition: object = {}): Promise<Answer> => {
	const headers = { "content-type": OCI_MANIFEST, ...condition };
	return send(client, { method: "PUT", path: `/v2/team/r/manifests/${tag}`, headers, body: [manifest] });
};

/** One blob from many connections at once, by both ways. */
const sameBlob = async (t: TestContext, limani: LimaniProcess): Promise<void> => {
	const clients = connect(t, limani.url, 2 * WORKERS);
	const bytes = randomBytes(seededRandom(SEED), 600_000);
	const answers = await Promise.all(
		clients.map((client, i) => (i % 2 === 0 ? pushBlob(client, bytes) : pushBlobInTwo(client, bytes))),
	);
	assert.deepEqual(
		statuses(answers),
		clients.map(() => 201),
	);
	for (const client of clients) {
		const { status, body } = await send(client, { method: "GET", path: `${BLOBS}${digestOf(bytes)}` });
		assert.equal(status, 200);
		assert.equal(digestOf(body), digestOf(bytes));
	}
};

/** One tag from many connections at once: made once, then counted up by compare-and-set. */
const sameTag = async (t: TestContext, limani: LimaniProcess): Promise<void> => {
	const clients = connect(t, limani.url, 2 * WORKERS);
	for (const client of clients) assert.equal((await pushBlob(client, EMPTY)).status, 201);
	const first = clients.map((client, i) =>
		putTag(client, "count", manifestOf({ by: `${i}` }), { "if-none-match": "*" }),
	);
	assert.deepEqual(statuses(await Promise.all(first)), [201, ...clients.slice(1).map(() => 412)]);
	assert.equal((await putTag(inTurn(clients, 1), "count", manifestOf({ count: "0" }))).status, 201);
	let counted = 0;
	const count = async (client: HttpClient): Promise<void> => {
		for (let done = 0; done < 5; ) {
			const { headers, body } = await send(client, { method: "GET", path: "/v2/team/r/manifests/count" });
			const next = manifestOf({ count: `${Number(JSON.parse(body.toString()).annotations.count) + 1}` });
			const { status } = await putTag(client, "count", next, { "if-match": headers.etag });
			assert.ok(status === 201 || status === 412, `${status}`);
			if (status === 412) continue;
			done += 1;
			counted += 1;
		}
	};
	await Promise.all(clients.map(count));
	const { body } = await send(inTurn(clients, 0), { method: "GET", path: "/v2/team/r/manifests/count" });
	assert.equal(counted, 5 * clients.length);
	assert.equal(JSON.parse(body.toString()).annotations.count, `${counted}`, "no move was lost");
};

/** One upload from many connections at once: each chunk is taken once, whoever sends it. */
const sameUpload = async (t: TestContext, limani: LimaniProcess): Promise<void> => {
	const clients = connect(t, limani.url, 2 * WORKERS);
	const bytes = randomBytes(seededRandom(SEED + 1), 900_000);
	let location = await startUpload(inTurn(clients, 0));
	const chunk = 150_000;
	for (let at = 0; at < bytes.byteLength; at += chunk) {
		const body = [bytes.subarray(at, at + chunk)];
		const headers = { "content-range": `${at}-${at + chunk - 1}` };
		const path = location;
		const answers = await Promise.all(clients.map((client) => send(client, { method: "PATCH", path, headers, body })));
		assert.deepEqual(statuses(answers), [202, ...clients.slice(1).map(() => 416)], `at ${at}`);
		location = answers.find(({ status }) => status === 202)?.headers.location ?? assert.fail();
		// Whoever asks is told where it stands.
		const { status, headers: told } = await send(inTurn(clients, at / chunk + 1), { method: "GET", path: location });
		assert.deepEqual([status, told.range], [204, `0-${at + chunk - 1}`]);
	}
	const put = { method: "PUT", path: `${location}?digest=${digestOf(bytes)}` };
	const ends = await Promise.all(clients.map((client) => send(client, put)));
	assert.ok(ends.some(({ status }) => status === 201));
	for (const { status } of ends) assert.ok([201, 404, 416].includes(status), `${status}`);
	const { body } = await send(inTurn(clients, 2), { method: "GET", path: `${BLOBS}${digestOf(bytes)}` });
	assert.equal(digestOf(body), digestOf(bytes));
};

/** What a metric without labels, or the sum over all its labels, stands at. */
const sumOf = (text: string, name: string): number =>
	Array.from(text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm")), ([, value]) => Number(value)).reduce(
		(sum, value) => sum + value,
		0,
	);

const metricsOf = async (client: HttpClient): Promise<string> => {
	const { status, headers, body } = await send(client, { method: "GET", path: "/metrics" });
	assert.equal(status, 200);
	assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
	return body.toString();
};

/** Whichever worker is asked, it tells of all, also of those that are gone. */
const allMetrics = async (t: TestContext, limani: LimaniProcess): Promise<void> => {
	const clients = connect(t, limani.url, 2 * WORKERS);
	const requests = async (): Promise<readonly number[]> =>
		Promise.all(clients.map(async (client) => sumOf(await metricsOf(client), "limani_http_requests_total")));
	const before = Math.max(...(await requests()));
	for (let i = 0; i < 10; i++) {
		await Promise.all(clients.map((client) => send(client, { method: "GET", path: "/v2/" })));
	}
	for (const count of await requests()) assert.ok(count >= before + 10 * clients.length, `${count} after ${before}`);
	const [worker = assert.fail()] = childrenOf(limani);
	signal(worker, "SIGKILL");
	await untilWorkers(limani, [worker]);
	const later = connect(t, limani.url, WORKERS);
	for (const client of later) {
		const text = await metricsOf(client);
		assert.ok(sumOf(text, "limani_http_requests_total") >= before + 10 * clients.length, "nothing counted is lost");
		assert.ok(sumOf(text, "process_resident_memory_bytes") > 100e6, "the memory of all processes");
		assert.ok(
			text.includes('limani_metadata_duration_seconds_count{operation="outbox.unjournaled"}'),
			"the first's own",
		);
	}
};

/** Waits until all workers serve, none of which is one of `gone`. */
const untilWorkers = async (limani: LimaniProcess, gone: readonly number[]): Promise<void> => {
	await untilSaid(limani, "worker.listening", WORKERS + gone.length);
	const workers = childrenOf(limani);
	assert.equal(workers.length, WORKERS);
	assert.ok(!gone.some((pid) => workers.includes(pid)));
};

/** Waits until the processes of a registry have logged a message that many times. */
const untilSaid = async (limani: LimaniProcess, message: string, times: number): Promise<void> => {
	const deadline = performance.now() + 120_000;
	while (limani.output().split(`"message":"${message}"`).length <= times) {
		assert.ok(performance.now() < deadline, `not ${times} times ${message}:\n${limani.output()}`);
		await sleep(50);
	}
};

const isAlive = (pid: number): boolean => {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
};

/** The first process is killed: the workers end, and the next registry starts at once on the same port. */
const firstKilled = async (t: TestContext, config: Config): Promise<void> => {
	const dataDir = temporaryDirectory(t);
	const limits = { drain: "5s", uploadLease: "1s" };
	const opts = { dataDir, config: { ...config, limits } };
	const first = await startLimani(opts);
	t.after(() => first[Symbol.asyncDispose]());
	const [client = assert.fail()] = connect(t, first.url, 1);
	const bytes = randomBytes(seededRandom(SEED + 2), 50_000);
	assert.equal((await pushBlob(client, bytes)).status, 201);
	const workers = childrenOf(first);
	assert.equal(workers.length, WORKERS);
	await first.stop("SIGKILL");
	const second = await startLimani({ ...opts, port: Number(new URL(first.url).port) });
	t.after(() => second[Symbol.asyncDispose]());
	const [next = assert.fail()] = connect(t, second.url, 1);
	const { body } = await send(next, { method: "GET", path: `${BLOBS}${digestOf(bytes)}` });
	assert.equal(digestOf(body), digestOf(bytes));
	assert.equal((await pushBlob(next, randomBytes(seededRandom(SEED + 3), 50_000))).status, 201);
	const deadline = performance.now() + 60_000;
	while (workers.some(isAlive)) {
		assert.ok(performance.now() < deadline, `workers of the dead process live: ${workers.filter(isAlive).join(", ")}`);
		await sleep(50);
	}
};

/** A push whose request was let in; calling what comes back sends its bytes, slowly, and gives the answer's status. */
const beginPush = async ({ address }: LimaniProcess, bytes: Buffer): Promise<() => Promise<number>> => {
	const call = request(`http://${address}${BLOBS}uploads/?digest=${digestOf(bytes)}`, {
		method: "POST",
		headers: { authorization: ADMIN_AUTHORIZATION, expect: "100-continue", "content-length": bytes.byteLength },
	});
	call.flushHeaders();
	await once(call, "continue");
	return async () => {
		const answered = once(call, "response");
		for (let at = 0; at < bytes.byteLength; at += 20_000) {
			call.write(bytes.subarray(at, at + 20_000));
			await sleep(50);
		}
		call.end();
		const [response] = await answered;
		response.resume();
		return response.statusCode;
	};
};

/** SIGTERM lets uploads finish, takes no new ones, and ends with 0. */
const drains = async (t: TestContext, config: Config): Promise<void> => {
	const dataDir = temporaryDirectory(t);
	const limani = await startLimani({ dataDir, config });
	t.after(() => limani[Symbol.asyncDispose]());
	await untilSaid(limani, "worker.listening", WORKERS);
	const pushes = await Promise.all(
		[1, 2, 3].map((n) => beginPush(limani, randomBytes(seededRandom(SEED + n), 200_000))),
	);
	const workers = childrenOf(limani);
	const stopped = limani.stop("SIGTERM");
	// The first process says so, and each worker.
	await untilSaid(limani, "stopping", 1 + WORKERS);
	await sleep(500);
	const [late = assert.fail()] = connect(t, limani.url, 1);
	assert.equal(await late.call({ method: "GET", path: "/v2/" }), undefined, "no new connection is taken");
	assert.deepEqual(await Promise.all(pushes.map((finish) => finish())), [201, 201, 201]);
	await stopped;
	assert.equal(limani.child.exitCode, 0, limani.output());
	assert.deepEqual(workers.filter(isAlive), []);
	const { code, output } = await limaniCommand(dataDir, "verify", "--full");
	assert.equal(code, 0, output);
	assert.match(output, /store default: /);
};

/** A registry that is told to stop before all of its processes serve. */
const stopsEarly = async (t: TestContext, config: Config, said: string): Promise<void> => {
	await using limani = await spawnLimani({ dataDir: temporaryDirectory(t), config });
	await untilSaid(limani, said, 1);
	const workers = childrenOf(limani);
	await limani.stop("SIGTERM");
	assert.equal(limani.child.exitCode, 0, limani.output());
	assert.deepEqual(workers.filter(isAlive), []);
};

/** A worker is killed before it serves. */
const killedEarly = async (t: TestContext, config: Config): Promise<void> => {
	await using limani = await spawnLimani({ dataDir: temporaryDirectory(t), config });
	const deadline = performance.now() + 20_000;
	while (childrenOf(limani).length < WORKERS) {
		assert.ok(performance.now() < deadline, limani.output());
		await sleep(10);
	}
	const [victim = assert.fail()] = childrenOf(limani);
	signal(victim, "SIGKILL");
	await untilSaid(limani, "worker.listening", WORKERS);
	assert.ok(!childrenOf(limani).includes(victim));
	await limani.stop("SIGTERM");
	assert.equal(limani.child.exitCode, 0, limani.output());
};

/** Workers are killed while clients push. */
const workersKilled = async (t: TestContext, config: Config): Promise<void> => {
	let replaced = 0;
	const injure = async (limani: LimaniProcess): Promise<void> => {
		const before = childrenOf(limani);
		const [first, ...others] = before;
		if (first === undefined) return;
		const victim = pick(seededRandom(SEED + replaced), [first, ...others]);
		signal(victim, "SIGKILL");
		const deadline = performance.now() + 60_000;
		while (childrenOf(limani).length < WORKERS || childrenOf(limani).includes(victim)) {
			assert.ok(performance.now() < deadline, `worker ${victim} was not replaced:\n${limani.output()}`);
			await sleep(50);
		}
		replaced += 1;
	};
	const dataDir = temporaryDirectory(t);
	const seconds = Number(process.env.DURATION ?? 8);
	await using settled = await crashRun({ seed: SEED, seconds, dataDir, config, injure });
	t.diagnostic(JSON.stringify({ replaced, ...settled.figures }));
	assert.ok(replaced > 0);
};

/** Runs the suite on a registry of {@link WORKERS} workers. */
export const clusterSuite = (name: string, open: OpenDatabaseConfig): void => {
	const withConfig = (run: (t: TestContext, config: Config) => Promise<void>) => async (t: TestContext) => {
		const database = await open(t);
		if (database !== undefined) await run(t, { ...database, workers: WORKERS });
	};
	const onOne = (run: (t: TestContext, limani: LimaniProcess) => Promise<void>) =>
		withConfig(async (t, config) => {
			await using limani = await startLimani({ config });
			await run(t, limani);
			const { code, output } = await limaniCommand(limani.dataDir, "verify", "--full");
			assert.equal(code, 0, output);
		});
	describe(`several processes on ${name}`, () => {
		test(
			"take the same blob, the same tag and the same upload at once",
			onOne(async (t, limani) => {
				await sameBlob(t, limani);
				await sameTag(t, limani);
				await sameUpload(t, limani);
				await allMetrics(t, limani);
			}),
		);
		test("are replaced when they are killed, and what was acknowledged is whole", withConfig(workersKilled));
		test("are replaced when they are killed before they serve", withConfig(killedEarly));
		test("end when the first is killed, and the next may start at once", withConfig(firstKilled));
		for (const said of ["resources.applied", "worker.listening"]) {
			test(
				`end in good order when they are told to stop as soon as ${said} was logged`,
				withConfig((t, config) => stopsEarly(t, config, said)),
			);
		}
		test("finish what is under way when they are told to stop", withConfig(drains));
	});
};
