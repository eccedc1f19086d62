// Several replicas that are to begin with what an archive has, over an empty database and an empty bucket: one of them
// restores, the others wait, and nobody serves half a registry, whoever dies or stands still.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PushLoad } from "../../support/backup-load.ts";
import { openRemoteSite, type RemoteSite } from "../../support/backup-site.ts";
import { assertWhole, startBackedUp } from "../../support/backup-suite.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";
import { Gate } from "../../support/ha/gate.ts";
import { HttpClient } from "../../support/http-client.ts";
import { COMPILE_CACHE } from "../../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, spawnLimani } from "../../support/limani-process.ts";
import { type Photograph, photograph } from "../../support/photograph.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");

const IMAGES = 8;
/** What a process that died or stands still had is taken over after so long. */
const LEASE_MS = 3_000;
/** A process that stands still with a row locked keeps the others from its lease until PostgreSQL ends its transaction. */
const DEADLINE_MS = 180_000;
/** Blobs that a restoring process may bring before it is held up. */
const PASSING = 3;

/** A replica, and the way to its store, where it is held up in the middle of a restore. */
class Restorer implements AsyncDisposable {
	readonly gate = new Gate(/^PUT \/.*\/[0-9a-f]{2}\/[^/]+$/, PASSING);
	readonly #site: RemoteSite;
	readonly #registry: string;
	readonly #name: string;
	readonly #proxy: FaultyProxy;
	#limani: LimaniProcess | undefined;

	private constructor(site: RemoteSite, registry: string, name: string, proxy: FaultyProxy) {
		this.#site = site;
		this.#registry = registry;
		this.#name = name;
		this.#proxy = proxy;
		proxy.plan = this.gate.plan;
	}

	/** Starts nothing yet. */
	static async open(site: RemoteSite, registry: string, name: string): Promise<Restorer> {
		const proxy = new FaultyProxy(await s3.endpoint());
		await proxy.start();
		return new Restorer(site, registry, name, proxy);
	}

	get limani(): LimaniProcess {
		return this.#limani ?? assert.fail("it was not started");
	}

	/** Whether it has begun to restore, and so holds the lease, or held it. */
	get hasBegun(): boolean {
		return this.#limani?.output().includes("recovery.begun") === true;
	}

	/** Starts it, and waits for nothing. */
	async spawn(): Promise<void> {
		const dataDir = join(this.#site.root, this.#name);
		mkdirSync(dataDir, { recursive: true });
		copyFileSync(join(this.#site.root, "first", "master.key"), join(dataDir, "master.key"));
		const config = {
			...(await this.#site.parts(this.#registry, this.#proxy.address())),
			recovery: this.#site.archive,
			housekeeping: { journalLease: "1s", jobLease: `${LEASE_MS}ms` },
		};
		this.#limani = await spawnLimani({ dataDir, config, environment: COMPILE_CACHE });
	}

	/** Undefined where nobody listens, or it stands still. */
	async ask(path: string): Promise<{ readonly status: number; readonly text: string } | undefined> {
		using client = new HttpClient(this.limani.url, ADMIN_AUTHORIZATION, 2_000, false);
		const answer = await client.call({ method: "GET", path });
		return answer && { status: answer.status, text: String(answer.body) };
	}

	/** It lives, says that it is not ready and why, and serves nothing. */
	async assertWaiting(): Promise<void> {
		assert.equal((await this.ask("/livez"))?.status, 200);
		const ready = await this.ask("/readyz");
		const words = "not ready: what the archive of backups has is being restored\n";
		assert.deepEqual([ready?.status, ready?.text], [503, words]);
		for (const path of ["/v2/", "/v2/_catalog", "/token"]) assert.equal((await this.ask(path))?.status, 404, path);
	}

	/** It serves all that there was. */
	async assertServing(expected: Photograph): Promise<void> {
		await eventually(async () => assert.equal((await this.ask("/readyz"))?.status, 200));
		assert.deepEqual(await photograph(this.limani.url), expected);
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.#limani?.[Symbol.asyncDispose]();
		await this.#proxy[Symbol.asyncDispose]();
	}
}

/** Looks at the replicas all the time: the first that serves anything serves everything. */
class Watch implements AsyncDisposable {
	readonly #stopping = new AbortController();
	readonly #running: Promise<unknown>;
	looks = 0;

	constructor(replicas: readonly Restorer[], expected: Photograph) {
		this.#running = Promise.all(replicas.map((replica) => this.#watch(replica, expected)));
		this.#running.catch(() => undefined);
	}

	/** @throws AssertionError where anybody served less */
	async end(): Promise<void> {
		this.#stopping.abort();
		await this.#running;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end().catch(() => undefined);
	}

	async #watch(replica: Restorer, expected: Photograph): Promise<void> {
		while (!this.#stopping.signal.aborted) {
			const answer = await replica.ask("/v2/_catalog?n=100");
			this.looks += answer === undefined ? 0 : 1;
			if (answer !== undefined && answer.status !== 404) {
				assert.equal(answer.status, 200, answer.text);
				const { repositories } = JSON.parse(answer.text);
				assert.deepEqual(repositories, Object.keys(expected), "half a registry is served");
			}
			await sleep(50);
		}
	}
}

/** Three replicas that are started at once; one of them is in the middle of the restore. */
const startThree = async (stack: AsyncDisposableStack, site: RemoteSite, registry: string) => {
	const names = ["a", "b", "c"].map((name) => `${registry}-${name}`);
	const replicas = await Promise.all(names.map((name) => Restorer.open(site, registry, name)));
	for (const replica of replicas) stack.use(replica);
	await Promise.all(replicas.map((replica) => replica.spawn()));
	return replicas;
};

/** The one of them that is held up in the middle of the restore. */
const heldUp = async (replicas: readonly Restorer[]): Promise<Restorer> =>
	await Promise.race([
		...replicas.map(async (replica) => {
			await replica.gate.reached;
			return replica;
		}),
		sleep(DEADLINE_MS, undefined, { ref: false }).then(() => {
			throw new Error(`nobody restores:\n${replicas.map(({ limani }) => limani.output()).join("\n")}`);
		}),
	]);

test("of several replicas one restores, and the others wait; where it dies or stands still another one goes on", {
	skip: s3.skip,
}, async (t) => {
	const site = await openRemoteSite(t, { postgres, s3, name: "replicas", registries: ["first", "calm", "hurt"] });
	if (site === undefined) return;
	const expected = await backUpSome(site);

	await t.test("all serve what there was once one has restored it", async () => {
		await using stack = new AsyncDisposableStack();
		const replicas = await startThree(stack, site, "calm");
		const restoring = await heldUp(replicas);
		for (const replica of replicas) await eventually(() => replica.assertWaiting());
		await using watch = new Watch(replicas, expected);
		// For longer than its lease, which it renews.
		await sleep(2 * LEASE_MS);
		for (const replica of replicas) assert.equal(replica.hasBegun, replica === restoring);
		for (const replica of replicas) replica.gate.open();
		for (const replica of replicas) await replica.assertServing(expected);
		for (const replica of replicas) assert.equal(replica.hasBegun, replica === restoring, "it was restored twice");
		await watch.end();
		assert.ok(watch.looks > 50, `${watch.looks} looks`);
	});

	await t.test("one is killed in the middle, the next one stands still, and the third goes on", async () => {
		await using stack = new AsyncDisposableStack();
		const replicas = await startThree(stack, site, "hurt");
		const killed = await heldUp(replicas);
		const others = replicas.filter((replica) => replica !== killed);
		await using watch = new Watch(others, expected);
		await killed.limani.stop("SIGKILL");
		const paused = await heldUp(others);
		const last = others.find((replica) => replica !== paused) ?? assert.fail();
		await eventually(() => last.assertWaiting());
		paused.limani.child.kill("SIGSTOP");
		await heldUp([last]);
		await last.assertWaiting();
		for (const replica of replicas) replica.gate.open();
		await last.assertServing(expected);
		await watch.end();
		// What clients change from then on the one that wakes leaves as it is.
		const pushed = await new PushLoad(last.limani.url).push("team/later", "v", IMAGES);
		const path = "/token?service=limani&scope=repository:team/later:pull";
		const { token } = JSON.parse((await last.ask(path))?.text ?? "{}");
		paused.limani.child.kill("SIGCONT");
		const now = { ...expected, "team/later": { v: pushed.digest } };
		await paused.assertServing(now);
		assert.match(paused.limani.output(), /recovery\.taken-over/);
		await killed.spawn();
		for (const replica of replicas) {
			await replica.assertServing(now);
			using client = new HttpClient(replica.limani.url, `Bearer ${token}`, 30_000, false);
			const pulled = await client.call({ method: "GET", path: "/v2/team/later/manifests/v" });
			assert.equal(pulled?.status, 200, "keys were made anew after the registry served");
		}
		await assertWhole(last.limani.dataDir);
	});
});

/** Backs a registry up that has some images. @returns what it shows */
const backUpSome = async (site: RemoteSite): Promise<Photograph> => {
	await using registry = await startBackedUp(site);
	const load = new PushLoad(registry.limani.url);
	for (let n = 0; n < IMAGES; n++) await load.push(`team/app${n % 3}`, `v${n}`, n);
	const backup = await registry.backUp();
	assert.equal(backup.code, 0, backup.output);
	return await photograph(registry.limani.url);
};
