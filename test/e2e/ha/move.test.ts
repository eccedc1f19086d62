// A project goes from one bucket to another while clients push to it and pull from it, and the process that moves it is
// killed in the middle.
import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { eventually } from "../../support/eventually.ts";
import { ageReviews } from "../../support/ha/age-reviews.ts";
import { Balancer } from "../../support/ha/balancer.ts";
import { openControlledWorld } from "../../support/ha/controlled.ts";
import { Gate } from "../../support/ha/gate.ts";
import { openLeaseAudit } from "../../support/ha/lease-audit.ts";
import { PullLoad } from "../../support/ha/pull-load.ts";
import { PushLoad } from "../../support/ha/push-load.ts";
import { SEED } from "../../support/ha/settings.ts";
import { checkJournal, settleWorld } from "../../support/ha/settle.ts";
import { type HaWorld, storeAt } from "../../support/ha/world.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { BehindTheBack, objectsInBucket, otherBucket, privateS3, s3Bucket } from "../../support/s3.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");

const OTHER = { name: "other", bucket: otherBucket, prefix: "" };
/** Copies that are made before the process that makes them is killed. */
const COPIED_BEFORE = 5;
/** From a process that lives, and whose turn comes late on a busy machine, nobody takes anything away. */
const CLAIM = "20s";
const PATIENCE_MS = 300_000;

test(`a project moves from bucket to bucket while it is used and its mover is killed: nothing is lost, no pull fails (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	const teamIn = (store: string) => ({
		kind: "Project" as const,
		uid: "team",
		spec: { name: "team", store, undoWindow: 0 },
	});
	await using controlled = await openControlledWorld(t, {
		postgres,
		s3,
		between: "proxies",
		resources: [teamIn("default")],
		config: (place) => ({
			stores: { [OTHER.name]: storeAt(place, OTHER) },
			// No snapshot takes the place of what the journal tells.
			housekeeping: { jobLease: CLAIM, sweepClaim: CLAIM, snapshotSegments: 1_000_000 },
		}),
	});
	if (controlled === undefined) return;
	const { world, operator } = controlled;
	const { replicas, stores, lives, databaseUrl } = world;
	const audit = await openLeaseAudit(databaseUrl);
	// Of those who pull nobody is at the replica when it dies: a connection that breaks is no fault of the move.
	await using forPulls = await Balancer.open(replicas);
	using pulls = await PullLoad.open({ url: forPulls.url, seed: SEED, restMs: 150 });
	using pushes = new PushLoad({ url: world.balancer.url, lives, seed: SEED, pushers: 2, restMs: 200 });
	pulls.start();
	pushes.start();
	await more(pushes, 10);

	const gate = new Gate(/^(PUT|POST) \/limani-other\/[0-9a-f]{2}\//, COPIED_BEFORE);
	for (const store of stores) store.plan = gate.plan;
	await operator.apply([teamIn(OTHER.name)]);
	await gate.reached;
	const { rows } = await query(databaseUrl, "SELECT id FROM projects WHERE name = 'team'");
	const pid = await eventually(async () => (await audit.holderOf(`move:${rows[0]?.id}`)) ?? assert.fail("nobody"));
	const mover = replicas.find((replica) => replica.pid === pid) ?? assert.fail(`it is ${pid} that moves`);
	await forPulls.leave(mover);
	await mover.kill();
	gate.open();
	await mover.start();
	forPulls.join(mover);
	await eventually(async () => {
		const { rows: now } = await query(databaseUrl, "SELECT store, moving_to FROM projects WHERE name = 'team'");
		assert.deepEqual(now, [{ store: OTHER.name, moving_to: null }]);
	}, PATIENCE_MS);
	await more(pushes, 10);
	await pushes.stop();
	await eventually(async () => {
		// A link that no manifest needs is a blob that was pushed, and clients count on it.
		await ageReviews(world, ["blob"]);
		const sql =
			"SELECT count(*)::int AS n FROM objects WHERE store = 'default' AND purpose = 'blob' AND state <> 'writing'";
		assert.equal((await query(databaseUrl, sql)).rows[0]?.n, 0, "what nobody has any more is still in the old store");
	}, PATIENCE_MS);
	const before = pulls.pulls;
	await eventually(() => assert.ok(pulls.pulls > before + 20, "pulls do not go on"));
	await pulls.stop();
	t.diagnostic(`${pulls.pulls} pulls, ${pulls.failed.length} failed; ${JSON.stringify(pushes.figures)}`);
	assert.deepEqual(pulls.failed, []);

	const settled = await settleWorld(world, pushes.ledgers);
	const { old, wanted, there, elsewhere } = await contentsOf(world);
	t.diagnostic(`${JSON.stringify(settled)}; ${wanted.length} blobs moved or pushed`);
	assert.deepEqual([old, elsewhere], [[], 0], "something is still in the old store");
	assert.ok(wanted.length > COPIED_BEFORE);
	assert.deepEqual(
		wanted.filter((digest) => !there.has(digest)),
		[],
		"a digest of the project is not in the new bucket",
	);
	const { switches } = await audit.assertApart();
	const moved = switches.map(({ repository }) => repository);
	assert.deepEqual(moved, [...new Set(moved)], "a repository was moved twice");
	assert.equal((await checkJournal(world, OTHER)).arrived, moved.length);
});

/** Waits until so many more things were done. */
const more = async (pushes: PushLoad, count: number): Promise<void> => {
	const wanted = pushes.figures.acknowledged + count;
	await eventually(() => {
		assert.ok(pushes.isOver || pushes.figures.acknowledged >= wanted, "pushes do not go on");
	}, PATIENCE_MS);
	if (pushes.isOver) await pushes.stop();
};

const kept = z.array(z.object({ digest: z.string(), key: z.string() }));

/** What is left in the old bucket of anybody's blobs, what the project has, and what of that is in the new one. */
const contentsOf = async ({ endpoint, prefix, databaseUrl }: HaWorld) => {
	const behind = new BehindTheBack(endpoint);
	try {
		const isBlob = (name: string): boolean => /^[0-9a-f]{2}\//.test(name);
		const old = [...(await objectsInBucket(behind.client, s3Bucket, prefix)).keys()]
			.map((name) => name.slice(prefix.length))
			.filter(isBlob);
		const objects = await objectsInBucket(behind.client, otherBucket);
		const links = await query(databaseUrl, "SELECT DISTINCT digest FROM repository_blobs");
		const blobs = await query(databaseUrl, "SELECT digest, key FROM blobs WHERE store = 'other'");
		const stay = await query(databaseUrl, "SELECT count(*)::int AS n FROM repository_blobs WHERE store <> 'other'");
		return {
			old,
			wanted: z
				.array(z.object({ digest: z.string() }))
				.parse(links.rows)
				.map(({ digest }) => digest),
			there: new Set(kept.parse(blobs.rows).flatMap(({ digest, key }) => (objects.has(key) ? [digest] : []))),
			elsewhere: Number(stay.rows[0]?.n),
		};
	} finally {
		behind.client.destroy();
	}
};
