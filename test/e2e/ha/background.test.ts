// What works behind the requests, at three replicas of which some die and stand still meanwhile: each run of a policy
// happens once, each object is collected once, each change is in the journal once. SEED repeats the choices.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { ageReviews } from "../../support/ha/age-reviews.ts";
import { ask, manifestOf, pushBlob, putManifest } from "../../support/ha/ask.ts";
import { openControlledWorld } from "../../support/ha/controlled.ts";
import { FAULTS } from "../../support/ha/faults.ts";
import { openLeaseAudit } from "../../support/ha/lease-audit.ts";
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

const ROUNDS = 5;
const GARBAGE = 8;
const KEPT = 2;

test(`nothing behind the requests is done twice while replicas die and stand still (SEED=${SEED})`, {
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
	const hurts = [
		FAULTS.killReplica,
		FAULTS.pauseReplica,
		undefined,
		FAULTS.killReplica,
		FAULTS.crashDatabase,
		undefined,
	];
	let condemned = 0;
	for (let round = 0; round < ROUNDS; round++) {
		condemned += await makeWork(world, round);
		await operator.apply([{ kind: "RetentionPolicy", uid: "policy", spec: policyOf(`request-${round}`) }]);
		await Promise.all([
			hurts[round]?.(world, random),
			eventually(async () => assert.equal(await operator.look("policy"), `request-${round}`), 150_000),
		]);
		await ageReviews(world);
	}
	await eventually(async () => {
		await ageReviews(world);
		assert.equal(await operator.reclaimed(), condemned);
	}, 90_000);
	const runs = [...operator.runs.values()];
	const count = (outcome: string): number => runs.filter((run) => run.outcome === outcome).length;
	t.diagnostic(`${runs.length} runs of ${ROUNDS} requests, ${count("Interrupted")} of them cut short`);
	assert.equal(count("Succeeded"), ROUNDS, JSON.stringify(runs));
	assert.equal(count("Failed") + count("Stopped"), 0, JSON.stringify(runs));
	assertApart(runs);
	const { takeovers, runs: kept } = await audit.assertApart();
	assert.equal(kept.filter(({ outcome }) => outcome === "Succeeded").length, ROUNDS);
	t.diagnostic(`leases were taken over ${takeovers} times`);
	await eventually(() => assertDeletedOnce(world, condemned));
	assert.equal(await operator.reclaimed(), condemned, "nothing is collected twice");
	const { rows } = await query(world.databaseUrl, "SELECT count(*)::int AS n FROM tags");
	assert.equal(rows[0]?.n, KEPT);
	t.diagnostic(`${condemned} objects collected; ${JSON.stringify(await checkJournal(world))}`);
});

/** Blobs that nobody uses, and images of which the policy keeps the last. @returns how many blobs are to go in the end */
const makeWork = async ({ replicas }: HaWorld, round: number): Promise<number> => {
	const url = () => pick(random, replicas).url;
	for (let n = 0; n < GARBAGE; n++) await pushBlob(url(), "team/garbage", randomBytes(random, 300));
	let gone = GARBAGE;
	for (let n = 0; n < KEPT; n++) {
		const config = randomBytes(random, 400);
		await pushBlob(url(), "team/kept", config);
		const path = `/v2/team/kept/manifests/r${round}-${n}`;
		assert.equal((await putManifest(url(), path, manifestOf(config))).status, 201);
		if (round > 0) gone += 1;
	}
	assert.equal((await ask(url(), { method: "GET", path: "/v2/team/kept/tags/list" })).status, 200);
	return gone;
};

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

/** The store was told to delete each object, and few of them twice. */
const assertDeletedOnce = ({ stores, prefix }: HaWorld, count: number): void => {
	const blob = new RegExp(`^DELETE /[^/]+/${prefix}([0-9a-f]{2}/[^?!]+)`);
	const deletions = new Map<string, number>();
	for (const { seen } of stores) {
		for (const line of seen) {
			const key = blob.exec(line)?.[1];
			if (key !== undefined) deletions.set(key, (deletions.get(key) ?? 0) + 1);
		}
	}
	const twice = [...deletions.values()].filter((times) => times > 1).length;
	assert.ok(deletions.size >= count, `${deletions.size} of ${count} were deleted`);
	// A sweeper that died, or stood still for longer than its claim, may have done its work without having said so.
	assert.ok(twice <= count / 4, `${twice} were deleted twice`);
};
