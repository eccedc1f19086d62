import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listAll } from "#/kube/list-all.ts";
import { EVENTS } from "#/kube/resource-type.ts";
import { cutOff, makePeace, makeWar } from "../../support/operator-chaos.ts";
import { judgeCaches, judgeWorld } from "../../support/operator-judge.ts";
import { furnish, LOGIN_PASSWORDS, operate } from "../../support/operator-operations.ts";
import { eventually, inWorld, openWorld, type World } from "../../support/operator-world.ts";
import { seededRandom } from "../../support/seeded-random.ts";

/** A failure is repeated, as far as bad luck can be, with the seed that it names. */
const SEED = Number(process.env.SEED ?? 12);
/** How long operations and faults go on, seconds. */
const DURATION = Number(process.env.DURATION ?? 12);
const HOUR = 3_600_000;

test(
	`whatever is done and whatever fails, what remains follows from the specs (SEED=${SEED})`,
	inWorld(async (t: TestContext) => {
		const random = seededRandom(SEED);
		// Of its own, so that what is done does not depend on when requests come.
		const luck = seededRandom(SEED + 1);
		await using world = await openWorld({ seed: SEED, speed: 20, shortWatches: true });
		await furnish(world);
		const end = performance.now() + DURATION * 1_000;
		let rounds = 0;
		let operations = 0;
		let restarts = 0;
		while (performance.now() < end || !wasTried(world)) {
			rounds++;
			makeWar(world, luck);
			for (let i = 0; i < 40; i++) {
				await operate(world, random);
				operations++;
				// Between two operations as much time as may be, so that some find everything done and others nothing.
				await sleep(random() < 0.2 ? random() * 200 : 0);
				if (random() < 0.04) {
					world.kill();
					await world.restart();
					restarts++;
				}
				if (random() < 0.02) cutOff(world);
			}
			makePeace(world);
			await eventually(() => judgeWorld(world, { settled: false }));
		}
		await world.leap(2 * HOUR);
		await eventually(() => judgeWorld(world, { settled: true }));
		await judgeTraces(world);
		t.diagnostic(
			`${rounds} rounds, ${operations} operations, ${restarts} operators killed, ${world.effects.length} effects, ` +
				`${world.watcher.judged} versions of resources judged, ${world.minted.length} secrets minted`,
		);
		t.diagnostic(
			[...world.watcher.verdicts]
				.map(([verdict, count]) => `${verdict} ${count}`)
				.toSorted()
				.join(", "),
		);
		await untilQuiet(world);
		await judgeIdleness(world);
	}),
);

/** Whether there was one of each kind that came to be as it was wanted. */
const wasTried = ({ watcher: { verdicts }, minted }: World): boolean =>
	minted.length > 0 &&
	["RobotAccount", "RetentionPolicy", "ReplicationPolicy"].every((kind) => verdicts.has(`${kind} Succeeded`));

/** What was written on the way: no spec, no secret, no status that breaks the rules. */
const judgeTraces = async (world: World): Promise<void> => {
	const { watcher, asked, minted, logged, user } = world;
	assert.deepEqual(watcher.faults, []);
	const onResources = asked.filter(({ path }) => /\/apis\/limani\.dev\//.test(path) && !path.endsWith("/status"));
	assert.deepEqual(new Set(onResources.map(({ method }) => method)), new Set(["PATCH"]));
	const { items } = await listAll(user, EVENTS, { limit: 500 }, AbortSignal.timeout(30_000));
	assert.ok(items.length > 0 && logged.length > 0 && minted.length > 0);
	const said = [JSON.stringify(items), ...watcher.texts, ...logged].join("\n");
	for (const secret of [...minted, ...LOGIN_PASSWORDS]) {
		assert.ok(!said.includes(secret), "a secret stands in a status, an event or the log");
		assert.ok(!said.includes(Buffer.from(secret).toString("base64")), "a secret stands there in base64");
	}
};

/** More rounds of more than an hour than anything that an operator has in hand needs: a grace, a usage, a back-off. */
const MOST_ROUNDS = 8;

/** Lets time pass until an hour of it, and more, goes by without a write; all is as it was meant to be then. */
const untilQuiet = async (world: World): Promise<void> => {
	for (let round = 0, since = -1; since !== world.asked.length; round++) {
		assert.ok(round < MOST_ROUNDS, `never quiet: ${lastSaid(world, since)}`);
		since = world.asked.length;
		await pass(world, { minutes: 80, step: 4 });
		await eventually(() => judgeWorld(world, { settled: true }));
	}
};

/** Lets virtual time pass. What wakes up ends what it does before more does: it would be given up as too slow. */
const pass = async ({ timing, atRest }: World, { minutes, step }: { minutes: number; step: number }): Promise<void> => {
	for (let passed = 0; passed < minutes; passed += step) {
		timing.leap(step * 60_000);
		await sleep(10);
		await atRest();
	}
};

/** An idle hour writes nothing, and neither does another operator that comes to what it finds. */
const judgeIdleness = async (world: World): Promise<void> => {
	const traces = () => ({
		asked: world.asked.length,
		effects: world.effects.filter(({ what }) => !what.endsWith(" events")).length,
		minted: world.minted.length,
	});
	await eventually(() => judgeCaches(world));
	const before = traces();
	const since = world.asked.length;
	await pass(world, { minutes: 60, step: 1 });
	assert.deepEqual(traces(), before, `in an idle hour: ${lastSaid(world, since)}`);
	world.kill();
	await world.restart();
	await eventually(async () => [...(await judgeCaches(world)), ...world.unseen()]);
	await pass(world, { minutes: 30, step: 1 });
	await eventually(() => judgeWorld(world, { settled: true }));
	assert.deepEqual(traces(), before, `of a new operator: ${lastSaid(world, since)}`);
};

/** What was asked since, and what the operator says of it. */
const lastSaid = ({ asked, effects, logged }: World, since: number): string => {
	const late = asked.slice(since);
	const about = new Set(late.map(({ path }) => path.split("/")[7] ?? ""));
	const said = logged.filter((line) => [...about].some((name) => line.includes(`"name":"${name}"`)));
	return [JSON.stringify(late), JSON.stringify(effects.slice(-5)), ...said.slice(-30)].join("\n");
};
