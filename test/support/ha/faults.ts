// What happens to replicas and to what they stand on. Each fault is over when its promise resolves.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { query } from "../postgres.ts";
import { pick, type Random, randomBelow } from "../seeded-random.ts";
import { fill, type SmallDisk } from "../small-disk.ts";
import type { HaWorld } from "./world.ts";

/** Hurts a world once, and heals it. */
export type Fault = (world: HaWorld, random: Random) => Promise<void>;

/** Kills a replica, and starts it again a little later. */
const killReplica: Fault = async ({ replicas }, random) => {
	const replica = pick(random, replicas);
	await replica.kill();
	await sleep(randomBelow(random, 1_000));
	await replica.start();
};

/** Lets a replica stand still for longer than any of its leases lasts. */
const pauseReplica: Fault = async ({ replicas }, random) => {
	await pick(random, replicas).pause(3_500 + randomBelow(random, 1_500));
};

/** Cuts a replica off the database, without a word, for longer than it takes to notice. */
const cutReplica: Fault = async ({ replicas }, random) => {
	const { network } = pick(random, replicas);
	await network.cutDatabase();
	await sleep(6_500);
	await network.heal();
	await sleep(1_500);
};

/** Stops PostgreSQL as a crash would. */
const crashDatabase: Fault = async ({ postgres, databaseDeaths }, random) => {
	await postgres.crash();
	databaseDeaths.push(performance.now());
	await sleep(500 + randomBelow(random, 1_500));
	await postgres.start();
};

/** Kills PostgreSQL's first process. */
const killDatabase: Fault = async ({ postgres, databaseDeaths }, random) => {
	await postgres.kill();
	await sleep(500 + randomBelow(random, 1_500));
	await postgres.start();
	// Only now is it certain that its other processes have ended.
	databaseDeaths.push(performance.now());
};

/** The store answers every other request with 500, for everybody. */
const failStore: Fault = async ({ stores }, random) => {
	const body = "<Error><Code>InternalError</Code><Message>injected</Message></Error>";
	for (const store of stores) store.plan = () => (random() < 0.5 ? { answer: { status: 500, body } } : undefined);
	await sleep(3_000);
	for (const store of stores) store.plan = () => undefined;
};

/** The store is slow, for everybody: it begins late, and pauses after each piece. */
const slowStore: Fault = async ({ stores }) => {
	for (const store of stores) store.plan = () => ({ hold: sleep(700), pause: 20 });
	await sleep(3_000);
	for (const store of stores) store.plan = () => undefined;
};

/** The store has one of its requests cut, now before and now after it did its work. */
const cutStore: Fault = async ({ stores }, random) => {
	for (const store of stores) {
		store.plan = () => pick(random, [undefined, undefined, { loseAnswer: true }, { cutRequestAfter: 1 }]);
	}
	await sleep(2_000);
	for (const store of stores) store.plan = () => undefined;
};

/** Tells a replica to end, in good order, and starts it again. */
const restartReplica: Fault = async ({ replicas }, random) => {
	const replica = pick(random, replicas);
	await replica.terminate();
	await replica.start();
};

/** Fills what the replicas have for a disk. @param meanwhile room is made when it is over; absent: after a while */
export const fillDisk =
	(disk: SmallDisk, meanwhile: () => Promise<void> = () => sleep(2_500)): Fault =>
	async () => {
		const makeRoom = fill(disk);
		try {
			await meanwhile();
		} finally {
			makeRoom();
		}
	};

/** Fills the disk of PostgreSQL while it needs a new file for its log, of which it dies, and starts it when there is room. */
export const fillDatabaseDisk =
	(disk: SmallDisk): Fault =>
	async ({ postgres, databaseUrl, databaseDeaths }) => {
		const makeRoom = fill(disk);
		const end = performance.now() + 2_500;
		let failures = 0;
		while (performance.now() < end) {
			await query(databaseUrl, "SELECT pg_switch_wal()").catch(() => (failures += 1));
			await sleep(200);
		}
		makeRoom();
		assert.ok(failures > 0, "a database without room for its log goes on");
		await postgres.crash().catch(() => undefined);
		databaseDeaths.push(performance.now());
		await postgres.start();
	};

/** All that need nothing but the world, by name. */
export const FAULTS = {
	killReplica,
	pauseReplica,
	cutReplica,
	crashDatabase,
	killDatabase,
	failStore,
	slowStore,
	cutStore,
	restartReplica,
} satisfies Readonly<Record<string, Fault>>;
