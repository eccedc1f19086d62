import assert from "node:assert/strict";
import { once } from "node:events";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openPostgres, openPostgresTarget } from "#/metadata/postgres/index.ts";
import { digestOf } from "#/oci/digest.ts";
import { OCI_MANIFEST } from "#/oci/media-types.ts";
import { parseSegment, segmentHash } from "#/registry/journal/segment.ts";
import { eventually } from "../../support/eventually.ts";
import { fillEveryTable, tablesOf } from "../../support/filled-tables.ts";
import { freePort } from "../../support/free-ports.ts";
import { ask, manifestOf, pushBlob } from "../../support/ha/ask.ts";
import { HttpClient } from "../../support/http-client.ts";
import { limaniCommand } from "../../support/limani-command.ts";
import { ADMIN_AUTHORIZATION, type LimaniProcess, spawnLimani, startLimani } from "../../support/limani-process.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { openInspectedMetadata } from "../../support/sqlite-metadata.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { TransferLife } from "../../support/transfer-life.ts";

const postgres = privatePostgres();

const deps = { warn: () => undefined, random: Math.random };

test("every table of the schema goes over to PostgreSQL, and numbers go on", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await using source = await openInspectedMetadata({ now: Date.now() });
	fillEveryTable(source);
	source.rows("DELETE FROM outbox");
	await using target = await openPostgresTarget({ url }, deps, "nobody");
	const life = new TransferLife({ source: source.executor, target });
	await life.ended();
	assert.deepEqual(life.failures, []);
	assert.ok(life.moved);
	for (const table of tablesOf(source)) {
		const columns = source.rows("SELECT name, type FROM pragma_table_info(?)", table);
		const read = columns.map(({ name, type }) =>
			type === "BLOB" ? `upper(encode("${name}", 'hex'))` : `CAST("${name}" AS TEXT)`,
		);
		const here = columns.map(({ name, type }) => (type === "BLOB" ? `hex("${name}")` : `CAST("${name}" AS TEXT)`));
		const { rows } = await query(url, `SELECT json_build_array(${read.join(", ")}) AS row FROM "${table}"`);
		const expected = source
			.rows(`SELECT json_array(${here.join(", ")}) AS row FROM "${table}"`)
			.map(({ row }) => JSON.parse(String(row)));
		const sorted = (list: readonly unknown[]) => list.map((row) => JSON.stringify(row)).toSorted();
		// The two machines' clocks are one, but a lease never ends earlier for the move.
		if (["leases", "uploads", "objects"].includes(table)) assert.equal(rows.length, expected.length);
		else assert.deepEqual(sorted(rows.map(({ row }) => row)), sorted(expected), table);
	}
	const { rows } = await query(
		url,
		"INSERT INTO outbox (at, store, kind, size, body) VALUES (0, '', '', 0, '') RETURNING seq",
	);
	assert.equal(Number(rows[0]?.seq), Number.MAX_SAFE_INTEGER - 10);
	await assert.rejects(openPostgresTarget({ url }, deps, "nobody"), /REFUSED|filled already/);
});

test("a target that holds something is refused, and one that is half filled serves nobody", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const other = await openPostgres({ url }, deps);
	await other.write("origins.identify", { candidate: "other" });
	await other[Symbol.asyncDispose]();
	await assert.rejects(openPostgresTarget({ url }, deps, "mine"), /the target is not empty: it has rows in origins/);
	const empty = (await postgres.database(t)) ?? "";
	await using source = await openInspectedMetadata({ now: Date.now() });
	await using target = await openPostgresTarget({ url: empty }, deps, "mine");
	const tables = await source.executor.read("transfer.tables", undefined);
	await target.write("transfer.claim", {
		identity: "mine",
		transfer: "t",
		tables,
		schema: await source.executor.read("transfer.schema", undefined),
	});
	await assert.rejects(
		openPostgres({ url: empty }, deps),
		/the database is not whole: the metadata of the registry mine/,
	);
	await assert.rejects(
		openPostgresTarget({ url: empty }, deps, "another"),
		/is being filled with the metadata of the registry mine/,
	);
	await (await openPostgresTarget({ url: empty }, deps, "mine"))[Symbol.asyncDispose]();
});

/** Pushes and moves tags, again and again, whoever answers; and remembers what it was told. */
class Pusher {
	/** What each tag was last told to be at; in doubt where no answer came since. */
	readonly tags = new Map<string, Set<string>>();
	readonly pushed = new Set<string>();
	acknowledged = 0;
	slowestMs = 0;
	#count = 0;
	readonly #name: string;

	constructor(name: string) {
		this.#name = name;
	}

	async run(url: string, isOver: () => boolean): Promise<void> {
		using client = new HttpClient(url, ADMIN_AUTHORIZATION, 20_000);
		while (!isOver()) {
			const config = Buffer.from(`${this.#name} ${this.#count++}`);
			const manifest = manifestOf(config);
			const tag = `t${this.#count % 5}`;
			const path = `/v2/team/${this.#name}/blobs/uploads/?digest=${digestOf(config)}`;
			const blob = await client.call({ method: "POST", path, body: [config] });
			if (blob?.status !== 201) {
				await sleep(20);
				continue;
			}
			const digest = digestOf(manifest);
			const maybe = this.tags.get(tag) ?? new Set();
			this.tags.set(tag, maybe.add(digest));
			const started = performance.now();
			const put = await client.call({
				method: "PUT",
				path: `/v2/team/${this.#name}/manifests/${tag}`,
				headers: { "content-type": OCI_MANIFEST },
				body: [manifest],
			});
			if (put?.status !== 201) continue;
			this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
			this.pushed.add(digest);
			this.tags.set(tag, new Set([digest]));
			this.acknowledged += 1;
		}
	}

	async check(url: string): Promise<void> {
		using client = new HttpClient(url, ADMIN_AUTHORIZATION, 20_000);
		for (const [tag, may] of this.tags) {
			const got = await client.call({ method: "HEAD", path: `/v2/team/${this.#name}/manifests/${tag}` });
			assert.ok(may.has(String(got?.headers["docker-content-digest"])), `${this.#name}:${tag}`);
		}
		for (const digest of this.pushed) {
			const got = await client.call({ method: "GET", path: `/v2/team/${this.#name}/manifests/${digest}` });
			assert.equal(got?.status, 200, digest);
			assert.equal(digestOf(got.body), digest);
		}
	}
}

/** Asks for one tag all the time: no read may fail. */
const pulling = async (url: string, isOver: () => boolean): Promise<number> => {
	using client = new HttpClient(url, ADMIN_AUTHORIZATION, 20_000);
	let pulls = 0;
	while (!isOver()) {
		const got = await client.call({ method: "GET", path: "/v2/team/still/manifests/v1" });
		if (isOver()) break;
		assert.equal(got?.status, 200);
		pulls += 1;
	}
	return pulls;
};

for (const workers of [1, 2]) {
	test(`a registry of ${workers} processes moves to PostgreSQL under load, killed twice on its way`, async (t) => {
		const url = await postgres.database(t);
		if (url === undefined) return;
		const dataDir = temporaryDirectory(t);
		const common = { dataDir, port: await freePort() };
		const migrating = { ...common, config: { workers, database: { sqlite: { migrateTo: { postgres: { url } } } } } };
		const pushers = ["a", "b", "c"].map((name) => new Pusher(name));
		let isOver = false;
		const address = `http://127.0.0.1:${common.port}`;
		await using begun = await startLimani(common);
		const config = Buffer.from("still");
		await pushBlob(begun.url, "team/still", config);
		const path = "/v2/team/still/manifests/v1";
		const headers = { "content-type": OCI_MANIFEST };
		assert.equal((await ask(begun.url, { method: "PUT", path, headers, body: [manifestOf(config)] })).status, 201);
		const load = pushers.map((pusher) => pusher.run(address, () => isOver));
		await eventually(() => assert.ok(pushers.every(({ acknowledged }) => acknowledged > 20)));
		await begun.stop();
		for (const ms of [Math.random() * 400, Math.random() * 800]) {
			await using killed = await spawnLimani(migrating);
			await Promise.race([
				eventually(() => assert.match(killed.output(), /"migration.stage"/)),
				once(killed.child, "exit"),
			]);
			await sleep(ms);
			await killed.stop("SIGKILL");
			t.diagnostic(
				`killed ${Math.round(ms)} ms into the move, which had ${killed.output().includes("migration.moved") ? "" : "not "}ended`,
			);
		}
		await using limani = await startLimani(migrating);
		const pulls = pulling(address, () => isOver);
		await untilMoved(limani, url);
		const before = pushers.map(({ acknowledged }) => acknowledged);
		await eventually(() => assert.ok(pushers.every(({ acknowledged }, i) => acknowledged > (before[i] ?? 0) + 5)));
		isOver = true;
		await Promise.all(load);
		t.diagnostic(
			`${await pulls} pulls, none failed; slowest push ${Math.round(Math.max(...pushers.map(({ slowestMs }) => slowestMs)))} ms`,
		);
		t.diagnostic(/.*"migration.moved".*/.exec(limani.output())?.[0] ?? "it had moved in a life before");
		const found = await limaniCommand(dataDir, "verify");
		assert.equal(found.code, 0, found.output);
		await limani.stop();
		await using again = await startLimani(migrating);
		assert.equal((await ask(again.url, { method: "GET", path })).status, 200);
		await pushBlob(again.url, "team/still", Buffer.from("after the move"));
		await again.stop();
		const refused = await spawnLimani(common);
		await once(refused.child, "exit");
		assert.match(refused.output(), /the metadata in .* moved to .*: expected database.postgres/);
		await refused[Symbol.asyncDispose]();
		await using moved = await startLimani({ ...common, config: { database: { postgres: { url } } } });
		for (const pusher of pushers) await pusher.check(moved.url);
		await eventually(async () =>
			assert.equal((await query(url, "SELECT count(*)::int AS n FROM outbox")).rows[0]?.n, 0),
		);
		const verified = await limaniCommand(dataDir, "verify");
		assert.equal(verified.code, 0, verified.output);
		assertOneChain(
			dataDir,
			pushers.reduce((all, { acknowledged }) => all + acknowledged, 0),
		);
	});
}

test("while PostgreSQL is away the registry goes on where it is, and it moves once that is back", async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	await postgres.crash();
	await using limani = await startLimani({ config: { database: { sqlite: { migrateTo: { postgres: { url } } } } } });
	await pushBlob(limani.url, "team/app", Buffer.from("meanwhile"));
	await eventually(() => assert.match(limani.output(), /"migration.failed"/));
	const metrics = await (await fetch(`${limani.url}/metrics`)).text();
	assert.match(metrics, /^limani_database_migration\{stage="waiting"\} 1$/m);
	await postgres.start();
	await untilMoved(limani, url);
	await pushBlob(limani.url, "team/app", Buffer.from("afterwards"));
	const { rows } = await query(url, "SELECT count(*)::int AS n FROM blobs");
	assert.equal(rows[0]?.n, 2);
});

const untilMoved = async (limani: LimaniProcess, url: string): Promise<void> => {
	await eventually(async () => {
		const { rows } = await query(url, "SELECT state FROM transfer_arrival");
		assert.equal(rows[0]?.state, "whole", limani.output().slice(-2_000));
	});
};

/** Each segment of the journal follows the one before it, from the first, and all of them have what was acknowledged. */
const assertOneChain = (dataDir: string, acknowledged: number): void => {
	const files = globSync("stores/default/data/journal/**", { cwd: dataDir, withFileTypes: true }).filter((file) =>
		file.isFile(),
	);
	const segments = files
		.map((file) => readFileSync(join(file.parentPath, file.name)))
		.map((bytes) => ({ ...parseSegment(bytes), hash: segmentHash(bytes) }))
		.toSorted((one, other) => one.header.number - other.header.number);
	assert.equal(segments[0]?.header.number, 1);
	const records = segments.reduce((all, one) => all + one.records.length, 0);
	assert.ok(records >= acknowledged, `${records} records of ${acknowledged} pushes`);
	for (const [index, { header }] of segments.entries()) {
		const before = segments[index - 1];
		if (before === undefined) continue;
		assert.equal(header.number, before.header.number + 1);
		assert.equal(header.previous, before.hash);
	}
};
