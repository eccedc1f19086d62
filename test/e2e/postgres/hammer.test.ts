// Clients of three processes against the collectors of all three. SEED repeats the clients' choices, DURATION is in seconds.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "#/lib/clock.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { createRegistry } from "#/registry/create-registry.ts";
import { idSource } from "#/registry/new-id.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { HammerClient, hammerProjects } from "../../features/gc/hammer.ts";
import { brokenRulesInPostgres } from "../../metadata/registry-state.ts";
import type { CollectingReport } from "../../support/collecting-process.ts";
import { startCollecting } from "../../support/collecting-processes.ts";
import { eventually } from "../../support/eventually.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { forever } from "../../support/registry.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
const DURATION = Number(process.env.DURATION ?? 20);
const PROCESSES = 3;

const postgres = privatePostgres();

const DELAY_MS = 3_000;

const openShared = async (stack: AsyncDisposableStack, url: string): Promise<SqlMetadata> =>
	stack.use(new SqlMetadata(await openPostgres({ url }, { warn: () => undefined, random: Math.random })));

test(`clients of three processes hammer what is being collected, and one process dies (SEED=${SEED})`, async (t) => {
	const url = await postgres.database(t);
	if (url === undefined) return;
	const root = join(temporaryDirectory(t), "blobs");
	await using stack = new AsyncDisposableStack();
	const metadata = await openShared(stack, url);
	const { epoch, base } = await metadata.controlState.begin("test");
	const change = { epoch, base, upserts: hammerProjects(DELAY_MS), deletes: [] };
	assert.ok("base" in (await metadata.controlState.apply(change)));
	const common = { url, root, clients: 6, delayMs: DELAY_MS };
	const workMs = Math.max(DURATION, 6) * 1000;
	const start = (n: number, ms: number) => startCollecting(stack, { ...common, seed: SEED + n, workMs: ms });
	const [victim, ...others] = Array.from({ length: PROCESSES }, (_, n) => start(n, workMs));
	await sleep(workMs / 2);
	victim?.child.kill("SIGKILL");
	const processes = [...others, start(PROCESSES, workMs / 2)];
	const reports = await Promise.all(
		processes.map(async ({ report }) => (await report) ?? assert.fail("it was killed")),
	);
	t.diagnostic(JSON.stringify(reports.map(({ counts, collected }) => ({ ...counts, ...collected }))));
	assert.deepEqual(
		reports.flatMap(({ failures }) => failures),
		[],
	);
	const sum = (of: (report: CollectingReport) => number): number => reports.reduce((all, one) => all + of(one), 0);
	for (const act of ["named", "pulled", "pushed"] as const) assert.ok(sum(({ counts }) => counts[act]) > 0, act);
	assert.ok(sum(({ collected }) => collected.link + collected.blob) > 10, "it was put to the test");
	await settle(stack, metadata, { url, root });
	for (const each of processes) await each.end();
	const { reclaimed } = await metadata.collection.totals();
	assert.ok(reclaimed.objects >= sum(({ collected }) => collected.blob), "what was reclaimed is counted");
	assert.deepEqual(await brokenRulesInPostgres(async (sql) => (await query(url, sql)).rows), {});
	for (const { project, usage } of await metadata.usages.recount()) {
		assert.deepEqual(await metadata.usages.find(project), usage);
	}
});

/** Everything that is there is whole; then all of it is deleted, and nothing is left after the delays. */
const settle = async (
	stack: AsyncDisposableStack,
	metadata: SqlMetadata,
	{ root }: { readonly url: string; readonly root: string },
): Promise<void> => {
	const thread = stack.use(new IoThread());
	const store = await openFilesystemStore(
		{ root, id: "default", create: false },
		{ fileSystem: nodeFileSystem, pool: new BufferPool(), budget: new ByteBudget(2 ** 26), thread, id: randomUUID },
	);
	const stores = new Map([["default", store]]);
	const registry = createRegistry({
		metadata,
		stores,
		newId: idSource(),
		clock: systemClock,
		holder: "test",
		report: () => undefined,
		gcDelayMs: DELAY_MS,
	});
	const client = new HammerClient({ registry, metadata, delayMs: DELAY_MS });
	await client.checkManifests();
	assert.deepEqual(await findings(metadata, store), []);
	await client.removeAll();
	// The upload of the process that died waits for a day.
	await eventually(async () => {
		await metadata.uploads.expire(0, 100);
		const left = await metadata.objects.list("default", { limit: 100 });
		assert.deepEqual(
			left.map(({ key, state }) => ({ key, state })),
			[],
		);
	}, 120_000);
	assert.deepEqual(await findings(metadata, store), []);
};

const findings = async (metadata: SqlMetadata, store: BlobStore): Promise<readonly Finding[]> => {
	const list: Finding[] = [];
	const { objects } = metadata;
	await verifyStore(
		{ objects, store, found: (one) => void list.push(one), isToBeRead: () => true },
		"default",
		forever,
	);
	return list;
};
