import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { fillEveryTable, fillTable, tablesOf } from "../support/filled-tables.ts";
import { type InspectedMetadata, openInspectedMetadata } from "../support/sqlite-metadata.ts";
import { TransferLife } from "../support/transfer-life.ts";
import { type Happening, History, histories } from "./history.ts";
import { brokenRules, registryState } from "./registry-state.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds for each test of histories. */
const DURATION = Number(process.env.DURATION ?? 4);
const settings = { seed: SEED, numRuns: 100_000, interruptAfterTimeLimit: DURATION * 1000, endOnFailure: false };

/** Everything in a database that has to go over, in an order of its own. */
const contentOf = (on: InspectedMetadata): { readonly [table: string]: readonly string[] } =>
	Object.fromEntries(tablesOf(on).map((name) => [name, on.rows(`SELECT * FROM "${name}"`).map(rowText).toSorted()]));

const rowText = (row: object): string =>
	JSON.stringify(row, (_, value) => (value instanceof Uint8Array ? value.toHex() : value));

const numbersOf = (on: InspectedMetadata) =>
	on.rows("SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'transfer%' ORDER BY name");

test("every table of the schema goes over, with what it may hold and its numbers", async () => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	const tables = tablesOf(source);
	assert.ok(tables.length >= 38, String(tables.length));
	fillEveryTable(source);
	source.rows("DELETE FROM outbox");
	const before = contentOf(source);
	const life = new TransferLife({ source: source.executor, target: target.executor });
	await life.ended();
	assert.deepEqual(life.failures, []);
	assert.ok(life.moved);
	const rows = Object.values(contentOf(source)).reduce((sum, table) => sum + table.length, 0);
	assert.deepEqual(life.progress, [rows, rows]);
	const after: Record<string, unknown> = { ...contentOf(target) };
	assert.deepEqual(Object.keys(after), tables);
	// The registry was given its identity before.
	assert.deepEqual({ ...after, origins: [] }, { ...before, origins: [] });
	assert.deepEqual(contentOf(source), after);
	assert.deepEqual(numbersOf(target), numbersOf(source));
});

/** A history that happens while its metadata moves. */
class Migration implements AsyncDisposable {
	readonly source: InspectedMetadata;
	readonly target: InspectedMetadata;
	readonly life: TransferLife;
	readonly #on: InspectedMetadata & { metadata: SqlMetadata };
	readonly history: History;

	private constructor(source: InspectedMetadata, target: InspectedMetadata) {
		this.source = source;
		this.target = target;
		this.life = new TransferLife({ source: source.executor, target: target.executor });
		const here = () => this.life;
		this.#on = {
			get metadata() {
				return new SqlMetadata(here().gate);
			},
			executor: source.executor,
			clock: source.clock,
			restart: source.restart,
			rows: (sql, ...params) => this.truth.rows(sql, ...params),
			texts: source.texts,
			[Symbol.asyncDispose]: async () => undefined,
		};
		this.history = new History(this.#on);
	}

	static async open(): Promise<Migration> {
		const clock = { now: Date.UTC(2026, 0, 1) };
		return new Migration(await openInspectedMetadata(clock), await openInspectedMetadata(clock));
	}

	/** The database that has the metadata, as a process that starts now finds it. */
	get truth(): InspectedMetadata {
		const departed = this.source.rows("SELECT 1 AS found FROM sqlite_schema WHERE name = 'transfer_departure'");
		return departed.length > 0 ? this.target : this.source;
	}

	async begin(): Promise<void> {
		await this.history.begin();
	}

	/** Lets things happen one after the other, for as long as the process lives. */
	async happen(happenings: readonly Happening[]): Promise<void> {
		for (const happening of happenings) {
			await this.history.run(happening);
			await turn();
		}
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.source[Symbol.asyncDispose]();
		await this.target[Symbol.asyncDispose]();
	}
}

test(`whatever clients do meanwhile, the target goes on as the source would have (SEED=${SEED})`, async () => {
	let runs = 0;
	await fc.assert(
		fc.asyncProperty(histories, async (happenings) => {
			await using migration = await Migration.open();
			await migration.begin();
			await migration.happen(happenings);
			await migration.life.ended();
			assert.deepEqual(migration.life.failures, []);
			assert.ok(migration.life.moved);
			assert.equal(migration.truth, migration.target);
			await migration.happen(happenings.slice(0, 5));
			assert.deepEqual(brokenRules(migration.target), {});
			assert.deepEqual(stateOf(migration.target), await stateAfter([...happenings, ...happenings.slice(0, 5)]));
			runs += 1;
		}),
		settings,
	);
	assert.ok(runs > 0);
});

/** What a registry is that nobody moved. */
const stateAfter = async (happenings: readonly Happening[]): Promise<object> => {
	await using on = await openInspectedMetadata();
	const history = new History(on);
	await history.begin();
	for (const happening of happenings) await history.run(happening);
	return stateOf(on);
};

/** Where bytes lie is made up by chance. */
const stateOf = (on: InspectedMetadata): object =>
	Object.fromEntries(
		Object.entries(registryState(on)).map(([table, rows]) => [
			table,
			rows.map((row) => row.replaceAll(/[0-9a-f]{2}\/[0-9a-f]{8}-[0-9a-f-]{27}/g, "KEY")).toSorted(),
		]),
	);

/** What one client is told, over several lives of the process that it talks to. */
class Client {
	readonly acknowledged: string[] = [];
	#fence = 0;
	#count = 0;

	/** Writes until the life is over; the last answer may be missing. */
	async write(life: TransferLife): Promise<void> {
		while (!life.isOver) {
			const hash = `token-${this.#count++}`;
			const token = { ...TOKEN, hash };
			const writing = async () => {
				await new SqlMetadata(life.gate).identities.putRefreshToken(token);
				const fence = await life.gate.write("outbox.lease", { name: "work", holder: hash, leaseMs: 0 });
				assert.ok(fence !== undefined && fence > this.#fence, `fence ${fence} after ${this.#fence}`);
				this.#fence = fence;
				return true;
			};
			const died = life.ended().then(() => false);
			const isDone = await Promise.race([writing(), life.moved ? new Promise<boolean>(() => undefined) : died]).catch(
				(error) => {
					if (error instanceof assert.AssertionError) throw error;
					return false;
				},
			);
			if (isDone) this.acknowledged.push(hash);
			else if (life.isCut) return;
			// Else it would make more changes than are brought over in pages so small.
			for (let turns = 0; turns < 50 && !life.isOver; turns++) await turn();
		}
	}
}

const limits = { maxRows: 20, maxBytes: 5_000, maxChanges: 20 };

/** How many effects a whole move has, about: clients add to them. */
const countEffects = async (): Promise<number> => {
	await using source = await openInspectedMetadata();
	await using target = await openInspectedMetadata();
	for (let number = 10; number < 15; number++) fillTable(source, "manifests", number);
	const life = new TransferLife({ source: source.executor, target: target.executor, limits });
	await life.ended();
	return life.effects;
};

for (const isMade of [true, false]) {
	const when = isMade ? "after" : "before";
	test(`a process that dies ${when} any of its effects leaves one truth, and the next one ends the move`, async () => {
		const departedAt: boolean[] = [];
		const last = await countEffects();
		for (let effect = 1; ; effect += effect < last - 9 ? 16 : 1) {
			const clock = { now: Date.UTC(2026, 0, 1) };
			await using source = await openInspectedMetadata(clock);
			await using target = await openInspectedMetadata(clock);
			const databases = { source: source.executor, target: target.executor, limits };
			const client = new Client();
			for (let number = 10; number < 15; number++) fillTable(source, "manifests", number);
			const first = new TransferLife({ ...databases, cut: { effect, isMade } });
			await client.write(first);
			await first.ended();
			if (!first.isCut) break;
			const departure = await source.executor.read("transfer.departure", undefined);
			departedAt.push(departure !== undefined);
			if (departure === undefined) {
				assert.notEqual((await target.executor.read("transfer.arrival", undefined))?.state, "whole");
				const next = new TransferLife(databases);
				await client.write(next);
				await next.ended();
				assert.deepEqual(next.failures, []);
			} else {
				await target.executor.write("transfer.arrive", { transfer: departure.transfer });
			}
			assert.equal((await target.executor.read("transfer.arrival", undefined))?.state, "whole");
			const there = new Set(target.rows("SELECT hash FROM refresh_tokens").map(({ hash }) => String(hash)));
			assert.deepEqual(
				client.acknowledged.filter((hash) => !there.has(hash)),
				[],
				`effect ${effect}`,
			);
			assert.equal(target.rows("SELECT digest FROM manifests").length, 5);
		}
		assert.ok(departedAt.length > 9, String(departedAt.length));
		assert.ok(departedAt.includes(true), "a life ended behind the departure");
	});
}

test("a process that stood still and wakes writes nothing into a target that another one has taken", async () => {
	let woken = 0;
	for (let frozen = 1; frozen < 60; frozen += 7) {
		const clock = { now: Date.UTC(2026, 0, 1) };
		await using source = await openInspectedMetadata(clock);
		await using target = await openInspectedMetadata(clock);
		for (let number = 10; number < 15; number++) fillTable(source, "manifests", number);
		const databases = { source: source.executor, target: target.executor, limits };
		const waking = Promise.withResolvers<void>();
		const frozenAt = Promise.withResolvers<void>();
		let count = 0;
		const sleeper = new TransferLife({
			...databases,
			before: async (name) => {
				if (!/^transfer\.(loadPage|loadRows|drop|settle)$/.test(name) || ++count !== frozen) return;
				frozenAt.resolve();
				await waking.promise;
			},
		});
		await Promise.race([frozenAt.promise, sleeper.ended()]);
		if (sleeper.moved) break;
		const next = new TransferLife(databases);
		await next.ended();
		assert.ok(next.moved);
		const before = contentOf(target);
		waking.resolve();
		await sleeper.ended();
		assert.ok(!sleeper.moved);
		assert.equal(Reflect.get(Object(sleeper.failures[0]), "code"), "FENCED");
		assert.deepEqual(contentOf(target), before);
		woken += 1;
	}
	assert.ok(woken > 3, String(woken));
});

test("writes under way are waited for, and new ones wait until the target has all, whatever they find then", async () => {
	const clock = { now: Date.UTC(2026, 0, 1) };
	await using source = await openInspectedMetadata(clock);
	await using target = await openInspectedMetadata(clock);
	const here: { life?: TransferLife; late?: Promise<void> } = {};
	const slow = Promise.withResolvers<void>();
	const log: string[] = [];
	const put = async (hash: string): Promise<void> => {
		const life = here.life ?? assert.fail();
		await new SqlMetadata(life.gate).identities.putRefreshToken({ ...TOKEN, hash });
		log.push(hash);
	};
	here.life = new TransferLife({
		source: source.executor,
		target: target.executor,
		before: async (name) => {
			if (name === "identities.putRefreshToken") await slow.promise;
			if (name !== "transfer.settle") return;
			log.push("settle");
			here.late = put("late");
			for (let turns = 0; turns < 50; turns++) await turn();
			log.push("settled");
		},
	});
	const first = put("first");
	for (let turns = 0; turns < 2_000; turns++) await turn();
	assert.deepEqual(log, []);
	assert.ok(!here.life.moved);
	slow.resolve();
	await here.life.ended();
	await Promise.all([first, here.late]);
	assert.deepEqual(log, ["first", "settle", "settled", "late"]);
	const hashes = (on: InspectedMetadata) =>
		on.rows("SELECT hash FROM refresh_tokens ORDER BY hash").map(({ hash }) => hash);
	assert.deepEqual(hashes(source), ["first"]);
	assert.deepEqual(hashes(target), ["first", "late"]);
});

const TOKEN = { principalKind: "user", principalUid: "u", principal: "n", service: "s", expiresAt: 1e15 } as const;

test("a lease ends no earlier by the target's clock, and clocks too far apart keep the metadata where it is", async () => {
	const now = Date.UTC(2026, 0, 1);
	for (const [aheadMs, isMoved] of [
		[15_000, true],
		[-15_000, true],
		[25_000, false],
		[-25_000, false],
	] as const) {
		await using source = await openInspectedMetadata({ now });
		await using target = await openInspectedMetadata({ now: now + aheadMs });
		await source.executor.write("outbox.lease", { name: "work", holder: "one", leaseMs: 60_000 });
		const life = new TransferLife({ source: source.executor, target: target.executor });
		await life.ended();
		assert.equal(life.moved, isMoved);
		target.clock.now = now + aheadMs + 59_999;
		source.clock.now = now + 59_999;
		const take = () => life.gate.write("outbox.lease", { name: "work", holder: "two", leaseMs: 1 });
		if (isMoved) assert.equal(await take(), undefined);
		else assert.equal(Reflect.get(Object(life.failures[0]), "code"), "CLOCKS");
		target.clock.now += 1;
		if (isMoved) assert.equal(await take(), 2);
	}
});

/** A move of which one effect fails as often as it is tried. */
const failing = async (
	effect: string,
	error: Error,
): Promise<{ life: TransferLife; isDeparted: boolean; isWhole: boolean }> => {
	const clock = { now: Date.UTC(2026, 0, 1) };
	await using source = await openInspectedMetadata(clock);
	await using target = await openInspectedMetadata(clock);
	const before = (name: string): void => {
		if (name === effect) throw error;
	};
	const life = new TransferLife({ source: source.executor, target: target.executor, before });
	await life.ended();
	if (life.torn === undefined) await life.gate.write("outbox.lease", { name: "work", holder: "one", leaseMs: 1 });
	const departure = await source.executor.read("transfer.departure", undefined);
	const arrival = await target.executor.read("transfer.arrival", undefined);
	const isAtSource = source.rows("SELECT 1 AS found FROM leases").length > 0;
	assert.equal(isAtSource, life.torn === undefined);
	return { life, isDeparted: departure !== undefined, isWhole: arrival?.state === "whole" };
};

test("what fails before the move is noted leaves the metadata where it is, what fails afterwards ends the process", async () => {
	const full = new MetadataError("FULL", "no room");
	const away = new MetadataError("UNAVAILABLE", "away");
	for (const effect of ["transfer.claim", "transfer.loadPage", "transfer.settle"]) {
		const { life, isDeparted, isWhole } = await failing(effect, new Error("broken"));
		assert.deepEqual([life.torn, life.moved, isDeparted, isWhole], [undefined, false, false, false], effect);
	}
	const undone = await failing("transfer.depart", full);
	assert.deepEqual([undone.life.torn, undone.isDeparted, undone.isWhole], [undefined, false, false]);
	const unknown = await failing("transfer.depart", away);
	assert.deepEqual([unknown.life.torn, unknown.life.moved, unknown.isWhole], [away, false, false]);
	const unmarked = await failing("transfer.arrive", away);
	assert.deepEqual([unmarked.life.torn, unmarked.isDeparted, unmarked.isWhole], [away, true, false]);
});
