// Three replicas under steady load while everything happens to them that happens to machines. SEED repeats the choices,
// DURATION is in seconds; every fault comes once at least.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { FAULTS, type Fault, fillDatabaseDisk, fillDisk } from "../../support/ha/faults.ts";
import { PullLoad } from "../../support/ha/pull-load.ts";
import { PushLoad } from "../../support/ha/push-load.ts";
import { DURATION, SEED } from "../../support/ha/settings.ts";
import { settleWorld } from "../../support/ha/settle.ts";
import { type HaWorld, openHaWorld } from "../../support/ha/world.ts";
import { privatePostgres } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";
import { randomBelow, seededRandom } from "../../support/seeded-random.ts";
import { mountSmallDisk, type SmallDisk } from "../../support/small-disk.ts";

const skip = (why: string): void => console.log(why);
const unmounts: (() => void)[] = [];
const databaseDisk = mountSmallDisk({ skip, after: (unmount) => void unmounts.push(unmount) }, 256);
const postgres = privatePostgres(databaseDisk?.directory);
// The server ends before its disk goes.
after(() => {
	for (const unmount of unmounts) unmount();
});
const s3 = privateS3("minio");

test(`no acknowledged push is lost and no wrong byte is served, whatever happens to replicas, database and store (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}`);
	const disk = mountSmallDisk({ skip, after: (unmount) => t.after(unmount) }, 4);
	const dataDirOf = disk === undefined ? {} : { dataDirOf: (n: number) => `${disk.directory}/replica-${n}` };
	await using world = await openHaWorld(t, { postgres, s3, ...dataDirOf });
	if (world === undefined) return;
	const { balancer, lives } = world;
	const random = seededRandom(SEED);
	using pulls = await PullLoad.open({ url: balancer.url, seed: SEED, restMs: 100 });
	using pushes = new PushLoad({ url: balancer.url, lives, seed: SEED, restMs: 150 });
	pulls.start();
	pushes.start();
	const faults: Readonly<Record<string, Fault>> = {
		...FAULTS,
		...(disk === undefined ? {} : { fillDisk: fillDiskUnnoticed(disk, { pulls, pushes }) }),
		...(databaseDisk === undefined ? {} : { fillDatabaseDisk: fillDatabaseDisk(databaseDisk) }),
	};
	const told: string[] = [];
	const end = performance.now() + DURATION * 1000;
	do {
		for (const [name, hurt] of shuffled(Object.entries(faults), random)) {
			if (pushes.isOver) break;
			const before = { pulls: pulls.pulls, failed: pulls.failed.length };
			const from = performance.now();
			await hurt(world, random);
			const seconds = ((performance.now() - from) / 1000).toFixed(1);
			told.push(`${name} ${seconds} s: ${pulls.failed.length - before.failed} of ${pulls.pulls - before.pulls}`);
		}
	} while (performance.now() < end && !pushes.isOver);
	await pulls.stop();
	await pushes.stop();
	t.diagnostic(`pulls that failed, of those during each fault: ${told.join("; ")}`);
	const reasons = Object.groupBy(pulls.failed, ({ kind, answer }) => `${kind} ${answer}`);
	const counts = Object.fromEntries(Object.entries(reasons).map(([reason, all]) => [reason, all?.length]));
	t.diagnostic(`${pulls.pulls} pulls, ${pulls.failed.length} failed: ${JSON.stringify(counts)}`);
	t.diagnostic(JSON.stringify(pushes.figures));
	const failed = pulls.failed.length;
	pulls.start();
	await pushes.goOn(2);
	await pulls.stop();
	assert.equal(pulls.failed.length, failed, "nothing fails any more once everything is back");
	assert.ok(pushes.figures.acknowledged > 20, "pushes went on");
	const settled = await settleWorld(world, pushes.ledgers);
	t.diagnostic(JSON.stringify(settled));
});

/** So long may a busy machine take for a few pulls and pushes. */
const PATIENCE_MS = 180_000;

interface Load {
	readonly pulls: PullLoad;
	readonly pushes: PushLoad;
}

/** Fills the disk of the replicas, of which no pull and no push may notice anything. */
const fillDiskUnnoticed =
	(disk: SmallDisk, load: Load): Fault =>
	async (world, random) => {
		const { pulls, pushes } = load;
		await calm(world, load);
		const { unanswered } = pushes.figures;
		const from = performance.now();
		await fillDisk(disk, () => worked(load))(world, random);
		assert.equal(pushes.figures.unanswered, unanswered, "a push failed while the disk of the replicas was full");
		const failed = pulls.failed.filter(({ at }) => at >= from);
		assert.deepEqual(failed, [], "a pull failed while the disk of the replicas was full");
	};

/** Until nothing fails any more of what was hurt before. */
const calm = async ({ balancer, replicas }: HaWorld, load: Load): Promise<void> => {
	await eventually(async () => {
		assert.equal(balancer.ready, replicas.length);
		const failures = (): number => load.pulls.failed.length + load.pushes.figures.unanswered;
		const before = failures();
		await worked(load);
		assert.equal(failures(), before, "something fails though nothing is hurt");
	}, PATIENCE_MS);
};

/** Until so many pulls and pushes more have been answered. */
const worked = async ({ pulls, pushes }: Load): Promise<void> => {
	const [pulled, pushed] = [pulls.took.length + 40, pushes.figures.acknowledged + 6];
	await eventually(() => {
		if (pushes.isOver) return;
		assert.ok(pulls.took.length >= pulled, "pulls do not go on");
		assert.ok(pushes.figures.acknowledged >= pushed, "pushes do not go on");
	}, PATIENCE_MS);
};

const shuffled = <T>(all: readonly T[], random: () => number): readonly T[] => {
	const rest = [...all];
	return Array.from({ length: rest.length }, () => rest.splice(randomBelow(random, rest.length), 1)).flat();
};
