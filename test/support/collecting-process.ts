// One of several processes that share a PostgreSQL and a folder of blobs, collect, and have clients that hammer what is
// being collected. Its settings come in LIMANI_COLLECTING as JSON; after its clients it writes what it found as a line of
// JSON, and goes on collecting until its standard input ends.
import { randomUUID } from "node:crypto";
import { Collector } from "#/features/gc/index.ts";
import { systemClock } from "#/lib/clock.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { createRegistry } from "#/registry/create-registry.ts";
import { idSource } from "#/registry/new-id.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { nodeFileSystem } from "#/storage/filesystem/node-file-system.ts";
import { HammerClient, type HammerCounts } from "../features/gc/hammer.ts";
import { seededRandom } from "./seeded-random.ts";

/** What a process is told. */
export interface CollectingSettings {
	readonly url: string;
	readonly root: string;
	readonly seed: number;
	readonly clients: number;
	/** How long the clients work, milliseconds. */
	readonly workMs: number;
	readonly delayMs: number;
}

/** What it found. */
export interface CollectingReport {
	readonly failures: readonly string[];
	readonly counts: HammerCounts;
	readonly collected: { readonly link: number; readonly blob: number };
}

const work = async (settings: CollectingSettings): Promise<void> => {
	const { url, root, delayMs } = settings;
	const holder = randomUUID();
	const failures: string[] = [];
	const report = ({ event, level, error }: RegistryEvent): void => {
		if (level === "error") failures.push(`${event}: ${String(error)}`);
	};
	await using metadata = new SqlMetadata(await openPostgres({ url }, { warn: () => undefined, random: Math.random }));
	await using thread = new IoThread();
	const store = await openFilesystemStore(
		{ root, id: "default", create: true },
		{ fileSystem: nodeFileSystem, pool: new BufferPool(), budget: new ByteBudget(2 ** 26), thread, id: randomUUID },
	);
	const stores = new Map([["default", store]]);
	const { collection, objects, outbox, history, uploads } = metadata;
	const common = { objects, clock: systemClock, report, holder };
	const collected = { link: 0, blob: 0 };
	const meter = {
		collected: (kind: "link" | "blob", batch: { readonly collected: number }) => {
			collected[kind] += batch.collected;
		},
		planned: () => undefined,
	};
	// A short lease, so that the processes take turns, and sometimes two believe that it is theirs.
	const rates = { delayMs, intervalMs: 20, rate: 1e6, batch: 5, leaseMs: 30 };
	const collector = new Collector({ ...common, collection, outbox, meter }, rates);
	const sweeper = new Sweeper({ ...common, history, uploads, stores }, { intervalMs: 20 });
	const ending = new AbortController();
	const running = [collector.run(ending.signal), sweeper.run(ending.signal)];
	const registry = createRegistry({ metadata, stores, newId: idSource(), ...common, gcDelayMs: delayMs });
	const end = performance.now() + settings.workMs;
	const random = seededRandom(settings.seed);
	const clients = Array.from({ length: settings.clients }, () => new HammerClient({ registry, metadata, delayMs }));
	await Promise.all(clients.map((client) => client.run(random, () => performance.now() < end)));
	const counts: HammerCounts = { named: 0, mounted: 0, pulled: 0, pushed: 0, restored: 0 };
	for (const client of clients) {
		failures.push(...client.failures);
		for (const act of ["named", "mounted", "pulled", "pushed", "restored"] as const) counts[act] += client.counts[act];
	}
	const found: CollectingReport = { failures, counts, collected };
	process.stdout.write(`${JSON.stringify(found)}\n`);
	for await (const _ of process.stdin);
	ending.abort();
	await Promise.all(running);
	await registry.uploads.drain(AbortSignal.timeout(30_000));
};

const settings = process.env.LIMANI_COLLECTING;
if (settings !== undefined) await work(JSON.parse(settings));
