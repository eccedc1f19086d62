import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Collector } from "#/features/gc/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { openRegistryHarness, type RegistryHarness } from "../../support/registry.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { HammerClient, hammerProjects } from "./hammer.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 6);
const DELAY_MS = 1_000;

const shortenUndo = async ({ metadata: { controlState } }: RegistryHarness): Promise<void> => {
	const { epoch, base } = await controlState.begin("test");
	const change = { epoch, base, upserts: hammerProjects(DELAY_MS), deletes: [] };
	assert.ok("base" in (await controlState.apply(change)));
};

test(`pushes, mounts and pulls of exactly the blobs that are being collected never fail (SEED=${SEED})`, async (context) => {
	await using harness = await openRegistryHarness();
	const { collection, history, objects, outbox, uploads } = harness.metadata;
	await shortenUndo(harness);
	const failures: unknown[] = [];
	const report = ({ event, error }: RegistryEvent): void => void failures.push(event, error);
	const common = { objects, clock: systemClock, report, holder: "gc" };
	const collected = { link: 0, blob: 0 };
	const meter = {
		collected: (kind: "link" | "blob", batch: { readonly collected: number }) => {
			collected[kind] += batch.collected;
		},
		planned: () => undefined,
	};
	const rates = { delayMs: DELAY_MS, intervalMs: 2, rate: 1e6, batch: 5 };
	const collector = new Collector({ ...common, collection, outbox, meter }, rates);
	const sweeper = new Sweeper({ ...common, history, uploads, stores: harness.stores }, { intervalMs: 2 });
	const controller = new AbortController();
	const running = [collector.run(controller.signal), sweeper.run(controller.signal)];
	const random = seededRandom(SEED);
	const clients = Array.from({ length: 12 }, () => {
		const { registry } = harness.instance({ gcDelayMs: DELAY_MS });
		return new HammerClient({ registry, metadata: harness.metadata, delayMs: DELAY_MS });
	});
	const end = performance.now() + DURATION * 1000;
	const isTried = (): boolean => collected.link > 10 && collected.blob > 5;
	// A slow machine gets more time, until something was tried.
	const goesOn = (): boolean => performance.now() < (isTried() ? end : end + 60_000);
	await Promise.all(clients.map((client) => client.run(random, goesOn)));
	for (const client of clients) failures.push(...client.failures);
	for (const client of clients) await client.checkManifests();
	const wasTried = isTried();
	const tried = JSON.stringify({ ...collected, clients: clients.map(({ counts }) => counts) });
	await clients[0]?.removeAll();
	const left = async () => (await objects.list("default", { limit: 99 })).length;
	const patience = AbortSignal.timeout(30_000);
	while ((await left()) > 0 && !patience.aborted) await sleep(20);
	controller.abort();
	await Promise.all(running);
	context.diagnostic(tried);
	assert.deepEqual(failures, []);
	assert.ok(wasTried, `it was put to the test: ${tried}`);
	assert.equal(await left(), 0, "nothing unused outlives its delay");
	await harness.assertSound();
	for (const { project, usage } of await harness.metadata.usages.recount()) {
		assert.deepEqual(await harness.metadata.usages.find(project), usage);
	}
});
