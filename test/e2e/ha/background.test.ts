// What works behind the requests, at three replicas of which some die, stand still or are cut off the database meanwhile,
// over a store that fails: each run of a policy happens once, each object is collected once, each change is in the journal
// once. SEED repeats the choices.
import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { eventually } from "../../support/eventually.ts";
import { ageReviews } from "../../support/ha/age-reviews.ts";
import { ask, manifestOf, pushBlob, putManifest } from "../../support/ha/ask.ts";
import { type ControlledWorld, openControlledWorld } from "../../support/ha/controlled.ts";
import { FAULTS, type Fault } from "../../support/ha/faults.ts";
import { Gate } from "../../support/ha/gate.ts";
import { cutOff, die, type Harm, type HurtHolder, hurtHolder, standStill } from "../../support/ha/hurt-holder.ts";
import { type LeaseAudit, openLeaseAudit } from "../../support/ha/lease-audit.ts";
import type { ReportedRun } from "../../support/ha/operator.ts";
import { SEED } from "../../support/ha/settings.ts";
import { checkJournal } from "../../support/ha/settle.ts";
import type { HaWorld } from "../../support/ha/world.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";
import { pick, randomBytes, seededRandom } from "../../support/seeded-random.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");
const random = seededRandom(SEED);

const GARBAGE = 8;
const KEPT = 2;

interface Scene extends Omit<ControlledWorld, keyof AsyncDisposable> {
	readonly audit: LeaseAudit;
	/** Blobs that are to go in the end. */
	condemned: number;
}

/** What happens in a round, in which the policy is asked for. @returns whether its run is cut short by that */
type Hurt = (scene: Scene, round: number) => Promise<boolean>;

/** The policy is asked for, and then something happens to anybody. */
const meanwhile =
	(hurt: (scene: Scene) => Promise<void>): Hurt =>
	async (scene, round) => {
		await request(scene.operator, round);
		await Promise.all([hurt(scene), handled(scene.operator, round)]);
		return false;
	};

const fault = (hurt: Fault): Hurt => meanwhile(({ world }) => hurt(world, random));

/** Who collects is cut off until another one does, and wakes up with what it was at. */
const cutCollector = meanwhile(async (scene) => {
	await using cut = await hurtHolder(scene, "gc", cutOff);
	await cut.takenOver();
});

/** Who writes the journal is cut off while a segment is on its way, which arrives when another one has written it. */
const cutJournaler = meanwhile(async (scene) => {
	const { world } = scene;
	const segment = new Gate(/^PUT \/[^/]+\/[^?]*journal\//, 0, 1);
	for (const store of world.stores) store.plan = segment.plan;
	await pushGarbage(scene, world.replicas[0].url);
	await segment.reached;
	await using cut = await hurtHolder(scene, "journal", cutOff);
	const other = world.replicas.find((replica) => replica !== cut.replica) ?? assert.fail();
	await cut.takenOver(() => pushGarbage(scene, other.url));
	await cut.heal();
	segment.open();
});

/**
 * Who carries the policy out is hurt in a transaction that removes something: that waits for a row, which it gets then. It
 * is asked for again, since a request waits for no pause after what its process may have died of.
 *
 * @param until when it is healed
 */
const hurtCarrier =
	(harm: Harm, until: (hurt: HurtHolder, done: () => Promise<void>) => Promise<void>): Hurt =>
	async (scene, round) => {
		const { world, operator, audit } = scene;
		const done = () => handled(operator, round, "again");
		const lock = new pg.Client({ connectionString: world.databaseUrl });
		await lock.connect();
		try {
			await lock.query("BEGIN");
			await lock.query("SELECT id FROM repositories WHERE name = 'team/kept' FOR UPDATE");
			await request(operator, round);
			await eventually(async () => {
				const waits = "SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
				assert.ok(Number((await query(world.databaseUrl, waits)).rows[0]?.n) > 0, "nobody removes anything");
				assert.ok((await audit.holderOf(POLICY_LEASE)) !== undefined, "nobody carries the policy out");
			});
			await using hurt = await hurtHolder(scene, POLICY_LEASE, harm);
			await lock.query("COMMIT");
			await hurt.lapsed();
			await request(operator, round, "again");
			await until(hurt, done);
		} finally {
			await lock.end();
		}
		await done();
		return true;
	};

/** It dies, and is there again when another one is at it. */
const killCarrier = hurtCarrier(die, (hurt) => hurt.takenOver());

/** It is cut off until another one has brought the policy to its end. */
const cutCarrier = hurtCarrier(cutOff, (_, done) => done());

/** It stands still until another one is at it, and wakes up with its transaction open. */
const stillCarrier = hurtCarrier(standStill, (hurt) => hurt.takenOver());

/** It is asked for afterwards: a run of which nobody can say that it was cut short waits for its turn for long. */
const crashDatabase: Hurt = async ({ world, operator }, round) => {
	await FAULTS.crashDatabase(world, random);
	await request(operator, round);
	await handled(operator, round);
	return false;
};

const HURTS: readonly Hurt[] = [
	// Of the first images none is too many.
	fault(FAULTS.failStore),
	killCarrier,
	cutCollector,
	stillCarrier,
	cutJournaler,
	fault(FAULTS.slowStore),
	cutCarrier,
	crashDatabase,
];

test(`nothing behind the requests is done twice while replicas die, stand still and are cut off, and the store fails (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	await using controlled = await openControlledWorld(t, {
		postgres,
		s3,
		resources: [{ kind: "Project", uid: "project", spec: { name: "team", undoWindow: 0 } }],
		config: () => ({
			housekeeping: { sweepInterval: "300ms", sweepClaim: "5s", journalLease: "1s", jobLease: "2s" },
		}),
	});
	if (controlled === undefined) return;
	const { world, operator } = controlled;
	const audit = await openLeaseAudit(world.databaseUrl);
	const scene: Scene = { world, operator, audit, condemned: 0 };
	let cutShort = 0;
	const told: string[] = [];
	for (const [round, hurt] of HURTS.entries()) {
		const from = performance.now();
		await makeWork(scene, round);
		if (await hurt(scene, round)) cutShort += 1;
		await ageReviews(world);
		told.push(((performance.now() - from) / 1000).toFixed(1));
	}
	const { condemned } = scene;
	await eventually(async () => {
		await ageReviews(world);
		assert.equal(await operator.reclaimed(), condemned);
	}, 90_000);
	t.diagnostic(`rounds of ${told.join(", ")} s`);
	const runs = [...operator.runs.values()];
	const count = (outcome: string): number => runs.filter((run) => run.outcome === outcome).length;
	t.diagnostic(`${runs.length} runs of ${HURTS.length} requests, ${count("Interrupted")} of them cut short`);
	assert.equal(count("Succeeded"), HURTS.length, JSON.stringify(runs));
	assert.equal(count("Failed") + count("Stopped"), 0, JSON.stringify(runs));
	assert.ok(count("Interrupted") >= cutShort, JSON.stringify(runs));
	assertApart(runs);
	const { takeovers, runs: kept } = await audit.assertApart();
	assert.equal(kept.filter(({ outcome }) => outcome === "Succeeded").length, HURTS.length);
	t.diagnostic(`leases were taken over ${takeovers} times`);
	const twice = await eventually(() => assertDeletedOnce(world, condemned));
	assert.equal(await operator.reclaimed(), condemned, "nothing is collected twice");
	const { rows } = await query(world.databaseUrl, "SELECT count(*)::int AS n FROM tags");
	assert.equal(rows[0]?.n, KEPT);
	t.diagnostic(`${condemned} objects collected, ${twice} deleted twice; ${JSON.stringify(await checkJournal(world))}`);
});

/** Blobs that nobody uses, and images of which the policy keeps the last. */
const makeWork = async (scene: Scene, round: number): Promise<void> => {
	const url = () => pick(random, scene.world.replicas).url;
	for (let n = 0; n < GARBAGE; n++) await pushGarbage(scene, url());
	for (let n = 0; n < KEPT; n++) {
		const config = randomBytes(random, 400);
		await pushBlob(url(), "team/kept", config);
		const path = `/v2/team/kept/manifests/r${round}-${n}`;
		assert.equal((await putManifest(url(), path, manifestOf(config))).status, 201);
		if (round > 0) scene.condemned += 1;
	}
	assert.equal((await ask(url(), { method: "GET", path: "/v2/team/kept/tags/list" })).status, 200);
};

const pushGarbage = async (scene: Scene, url: string): Promise<void> => {
	await pushBlob(url, "team/garbage", randomBytes(random, 300));
	scene.condemned += 1;
};

const POLICY = "policy";
const POLICY_LEASE = `policy:${POLICY}`;

/** Asks for a run of the policy; `word` tells one request of a round from another. */
const request = (operator: Scene["operator"], round: number, word = ""): Promise<void> =>
	operator.apply([{ kind: "RetentionPolicy", uid: POLICY, spec: policyOf(`request-${round}${word}`) }]);

const handled = (operator: Scene["operator"], round: number, word = ""): Promise<void> =>
	eventually(async () => assert.equal(await operator.look(POLICY), `request-${round}${word}`), 150_000);

const policyOf = (requestedAt: string) => ({
	name: "team/policy",
	projects: { uids: ["project"] },
	rules: [{ name: "last", repositories: { matching: ["kept"] }, keep: { latestPushed: KEPT } }],
	guard: { maxShare: 100, minimum: 1000 },
	requestedAt,
});

/** No two runs of the policy went on at the same time. */
const assertApart = (runs: readonly ReportedRun[]): void => {
	const inOrder = runs.toSorted((a, b) => a.startedAt - b.startedAt);
	for (const [index, run] of inOrder.entries()) {
		const next = inOrder[index + 1];
		if (next === undefined) continue;
		assert.ok((run.finishedAt ?? Number.POSITIVE_INFINITY) <= next.startedAt, JSON.stringify([run, next]));
	}
};

/** The store deleted each object, and few of them twice. @returns how many */
const assertDeletedOnce = ({ stores, prefix }: HaWorld, count: number): number => {
	const blob = new RegExp(`^DELETE /[^/]+/${prefix}([0-9a-f]{2}/[^?!]+)`);
	const deletions = new Map<string, number>();
	for (const { passed } of stores) {
		for (const line of passed) {
			const key = blob.exec(line)?.[1];
			if (key !== undefined) deletions.set(key, (deletions.get(key) ?? 0) + 1);
		}
	}
	const twice = [...deletions.values()].filter((times) => times > 1).length;
	assert.ok(deletions.size >= count, `${deletions.size} of ${count} were deleted`);
	// A sweeper that died, stood still or was cut off for longer than its claim, or did not wait for a slow store any
	// longer, may have done its work without having said so.
	assert.ok(twice <= count / 4, `${twice} were deleted twice`);
	return twice;
};
