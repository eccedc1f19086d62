import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Metadata } from "#/metadata/metadata.ts";
import { openPostgres } from "#/metadata/postgres/index.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { actAsClient } from "../../support/client-acts.ts";
import { hooked } from "../../support/hooked.ts";
import { journalAll, openJournaler } from "../../support/journal.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { assertSame, prune, rebuilt, snapshot } from "../../support/rebuilding.ts";
import { forever, type Instance, openRegistryHarness, type RegistryHarness } from "../../support/registry.ts";
import { type Random, randomBelow, seededRandom } from "../../support/seeded-random.ts";

const postgres = privatePostgres();
const SEED = Number(process.env.SEED ?? 20_261_122);
const DURATION_MS = 1000 * Number(process.env.DURATION ?? 8);

const open = async (url: string): Promise<Metadata> =>
	new SqlMetadata(await openPostgres({ url, maxConnections: 8 }, { warn: () => undefined, random: Math.random }));

/** Holds transactions open for a while after they wrote a record, so that later numbers are committed before it. */
const slowRecords = async (url: string): Promise<void> => {
	await query(
		url,
		`CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN PERFORM pg_sleep(CASE WHEN random() < 0.2 THEN random() * 0.1 ELSE 0 END); RETURN NULL; END $$`,
	);
	await query(url, "CREATE TRIGGER dawdle AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION dawdle()");
};

/** What the journalers of a test sealed. */
class Seals {
	/** Records that were sealed after one with a higher number. */
	late = 0;
	/** Segments that were written and not sealed. */
	abandoned = 0;
	#highest = 0;

	took(seqs: readonly number[]): void {
		this.late += seqs.filter((seq) => seq < this.#highest).length;
		this.#highest = Math.max(this.#highest, ...seqs);
	}
}

/** A round of one of several journalers, which may die between writing a segment and sealing it. */
const journal = async (harness: RegistryHarness, metadata: Metadata, random: Random, seals: Seals): Promise<void> => {
	const dies = randomBelow(random, 4) === 0;
	const outbox = hooked(metadata.outbox, async (method, [, seqs]) => {
		if (method !== "seal") return undefined;
		if (dies) {
			seals.abandoned += 1;
			throw new Error("died before it sealed");
		}
		return () => seals.took(Array.isArray(seqs) ? seqs : []);
	});
	const holder = `journaler ${randomBelow(random, 3)}`;
	const opts = { holder, leaseMs: 50, maxRecords: 1 + randomBelow(random, 12) };
	await openJournaler({ metadata: { ...metadata, outbox }, stores: harness.stores }, opts).journaler.round(forever);
};

const openPools = async (t: TestContext): Promise<[Metadata, Metadata, Metadata] | undefined> => {
	const url = await postgres.database(t);
	if (url === undefined) return undefined;
	const pools: [Metadata, Metadata, Metadata] = [await open(url), await open(url), await open(url)];
	t.after(() => Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]())));
	await slowRecords(url);
	return pools;
};

test("what three processes push at once comes back, though records are committed out of their order", async (t) => {
	const pools = await openPools(t);
	if (pools === undefined) return;
	const harness = await openRegistryHarness({ metadata: pools[0] });
	const seals = new Seals();
	const until = performance.now() + DURATION_MS;
	const repeat = async (seed: number, act: (random: Random) => Promise<unknown>): Promise<void> => {
		const random = seededRandom(seed);
		while (performance.now() < until) await act(random);
	};
	const clients = pools.flatMap((metadata, i) => {
		const instance: Instance = harness.instance({ metadata });
		return [0, 1, 2, 3].map((j) => repeat(SEED + 10 * i + j, (random) => actAsClient(instance, random)));
	});
	const journalers = pools.map((metadata, i) =>
		repeat(SEED + 100 + i, async (random) => {
			await journal(harness, metadata, random, seals);
			await sleep(randomBelow(random, 60));
		}),
	);
	const housekeeping = repeat(SEED + 200, async (random) => {
		await snapshot(harness, randomBelow(random, 2) === 0 ? "default" : "other");
		await prune(harness, { batch: 3 });
		await sleep(DURATION_MS / 12);
	});
	await Promise.all([...clients, ...journalers, housekeeping]);
	await sleep(60);
	await journalAll(harness);
	await harness.drain();
	t.diagnostic(`${seals.late} records sealed late, ${seals.abandoned} segments abandoned (SEED=${SEED})`);
	assert.ok(seals.late > 0, "no record was committed out of order");
	assert.ok(seals.abandoned > 0, "no segment was abandoned");

	const url = await postgres.database(t);
	if (url === undefined) return;
	await using again = await rebuilt(harness, () => open(url));
	await assertSame(harness, again);
	assert.deepEqual(
		again.summary.ignored.filter(({ reason }) => reason !== "superseded"),
		[],
	);
	assert.deepEqual(
		again.found.filter(({ kind }) => kind !== "unknown"),
		[],
	);
});
