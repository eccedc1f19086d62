// What one replica claims by a lease and works at for long: a backup, a replication policy, a project's move. Whoever is
// in the middle of one is killed, or stands still until another one has done it, and wakes up then.
import assert from "node:assert/strict";
import { test } from "node:test";
import { backupReport } from "#/api/backup-report.ts";
import { replicationReport } from "#/api/replication-report.ts";
import { Archive } from "#/features/backup/archive.ts";
import { listBackups } from "#/features/backup/list-backups.ts";
import { digestOf } from "#/oci/digest.ts";
import { eventually } from "../../support/eventually.ts";
import { FaultyProxy } from "../../support/faulty-proxy.ts";
import { ask, manifestOf, pushBlob, putManifest } from "../../support/ha/ask.ts";
import { type ControlledWorld, openControlledWorld } from "../../support/ha/controlled.ts";
import { Gate, gatesPlan } from "../../support/ha/gate.ts";
import { type LeaseAudit, openLeaseAudit } from "../../support/ha/lease-audit.ts";
import type { Replica } from "../../support/ha/replica.ts";
import { SEED } from "../../support/ha/settings.ts";
import { checkJournal, settleWorld } from "../../support/ha/settle.ts";
import { storeAt } from "../../support/ha/world.ts";
import { ADMIN, startLimani } from "../../support/limani-process.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { signal } from "../../support/process-lives.ts";
import { openTestStore, otherBucket, privateS3, s3Bucket } from "../../support/s3.ts";
import { randomBytes, seededRandom } from "../../support/seeded-random.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");
const random = seededRandom(SEED);

const ARCHIVE = { bucket: s3Bucket, prefix: "archive/" };
const OTHER = { name: "other", bucket: otherBucket, prefix: "" };
/** Repositories of a project that moves. */
const REPOSITORIES = 3;
/** What takes up what another one left looks for it this seldom, and the machine may be busy. */
const PATIENCE_MS = 300_000;

/** How whoever is in the middle of something is hurt; `before` lets its requests go on, `after` waits for the others. */
type Hurt = (replicas: readonly Replica[], before: () => void, after: () => Promise<void>) => Promise<void>;

const kill: Hurt = async (replicas, before, after) => {
	await Promise.all(replicas.map((replica) => replica.kill()));
	before();
	await Promise.all(replicas.map((replica) => replica.start()));
	await after();
};

/** It wakes up with what it asked for done, and goes on as if nothing had happened. */
const standStill: Hurt = async (replicas, before, after) => {
	const tell = (name: NodeJS.Signals) => {
		for (const { pid } of replicas) signal(pid ?? assert.fail("it has died"), name);
	};
	tell("SIGSTOP");
	try {
		before();
		await after();
	} finally {
		tell("SIGCONT");
	}
};

test(`a backup, a replication and a move are one process's at a time, whoever dies or stands still meanwhile (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	await using peer = await startLimani();
	await using front = new FaultyProxy(peer.url);
	await front.start();
	await using controlled = await openControlledWorld(t, {
		postgres,
		s3,
		between: "proxies",
		// One more than there are works: somebody is always left to take up what the others began.
		replicas: 4,
		resources: ["team", "first", "second"].map((name) => projectOf(name, "default")),
		config: (place) => ({
			stores: { [OTHER.name]: storeAt(place, OTHER) },
			backup: { archive: storeAt(place, ARCHIVE), journalInterval: "1s", verifyPercent: 100 },
			egress: { allow: ["127.0.0.0/8"] },
			// No snapshot takes the place of what the journal tells.
			housekeeping: { jobLease: "8s", sweepClaim: "20s", snapshotSegments: 1_000_000 },
		}),
	});
	if (controlled === undefined) return;
	const { world, operator } = controlled;
	const audit = await openLeaseAudit(world.databaseUrl);
	const scene = { ...controlled, audit, front };
	await disturb(scene, { project: "first", hurt: kill });
	await disturb(scene, { project: "second", hurt: standStill });
	await eventually(() => assert.equal(world.balancer.ready, world.replicas.length));
	const made = await backUp(operator);

	// What those who stood still were still at has ended with them.
	const settled = await settleWorld(world, []);
	const { takeovers, runs, switches } = await audit.assertApart();
	t.diagnostic(`leases were taken over ${takeovers} times; ${JSON.stringify(settled)}`);
	assert.ok(
		runs.every(({ outcome }) => outcome !== "Running"),
		"a run has not ended",
	);
	const outcomes = (uid: string): readonly string[] => runs.filter((run) => run.uid === uid).map((run) => run.outcome);
	for (const project of ["first", "second"]) {
		assert.deepEqual(outcomes(`backup-${project}`), ["Interrupted"], "a backup is begun once");
		assert.deepEqual(outcomes(`copy-${project}`).slice(0, 1), ["Interrupted"]);
		assert.equal(outcomes(`copy-${project}`).at(-1), "Succeeded");
		const moved = switches.filter(({ repository }) => repository.startsWith(`${project}/`));
		assert.deepEqual(
			moved.map(({ repository, store }) => `${repository} ${store}`).toSorted(),
			Array.from({ length: REPOSITORIES }, (_, n) => `${project}/app${n} ${OTHER.name}`),
			"a repository was moved once",
		);
	}
	assert.equal((await checkJournal(world, OTHER)).arrived, 2 * REPOSITORIES, "it came once, says the journal");
	await using store = await openTestStore(world.endpoint, ARCHIVE);
	const whole = await listBackups(new Archive({ store, sealer: undefined }), new AbortController().signal);
	assert.ok(whole.length <= made.asked, "of what was cut short there is nothing, and of the rest one each");
	assert.equal(whole.at(-1)?.id, made.id);
	for (const project of ["first", "second"]) await assertCopied(peer.url, project);
});

interface Scene extends Omit<ControlledWorld, keyof AsyncDisposable> {
	readonly audit: LeaseAudit;
	/** Before the registry that is copied to. */
	readonly front: FaultyProxy;
}

/** Has all three works begun, hurts who is in the middle of them, and waits until the others have brought them to an end. */
const disturb = async (
	{ world, operator, audit, front }: Scene,
	{ project, hurt }: { readonly project: string; readonly hurt: Hurt },
): Promise<void> => {
	const { replicas, stores, balancer, databaseUrl } = world;
	for (let n = 0; n < REPOSITORIES; n++) await pushImage(balancer.url, `${project}/app${n}`, "v1");
	await pushImage(balancer.url, "team/copied", project);
	const backingUp = new Gate(/^(PUT|POST) \/limani\/archive\/stores\/default\/snapshots\//);
	const moving = new Gate(/^(PUT|POST) \/limani-other\/[0-9a-f]{2}\//);
	const copying = new Gate(/^(PUT|POST|PATCH) \/v2\/team\/copied\/blobs\/uploads\//);
	const gates = [backingUp, moving, copying];
	for (const store of stores) store.plan = gatesPlan(backingUp, moving);
	front.plan = gatesPlan(copying);
	const copy = (requestedAt: string) => ({
		kind: "ReplicationPolicy" as const,
		uid: `copy-${project}`,
		spec: {
			name: `team/copy-${project}`,
			direction: "Push",
			remote: { url: front.address(), credentials: { username: ADMIN.user, password: ADMIN.password } },
			projects: { names: { matching: ["team"] } },
			filters: { repositories: { matching: ["team/copied"] }, tags: { matching: [project] } },
			requestedAt,
		},
	});
	const backup = `backup-${project}`;
	await operator.apply([
		{ kind: "Backup", uid: backup, spec: { name: `team/${backup}` } },
		copy("once"),
		projectOf(project, OTHER.name),
	]);
	await Promise.all(gates.map(({ reached }) => reached));
	const { rows } = await query(databaseUrl, `SELECT id FROM projects WHERE name = '${project}'`);
	const leases = [`policy:${backup}`, `policy:copy-${project}`, `move:${rows[0]?.id}`];
	const holders = new Set<Replica>();
	for (const lease of leases) {
		const pid = await eventually(async () => (await audit.holderOf(lease)) ?? assert.fail(`nobody has ${lease}`));
		holders.add(replicas.find((replica) => replica.pid === pid) ?? assert.fail(`${lease} is ${pid}'s`));
	}
	await hurt(
		[...holders],
		() => {
			for (const gate of gates) gate.open();
		},
		async () => {
			// A request waits for no pause after what its process may have died of.
			await operator.apply([copy("again")]);
			await eventually(async () => {
				const { runs } = backupReport.parse((await operator.observe(backup))?.report);
				assert.deepEqual(
					runs.map(({ outcome, message }) => `${outcome}: ${message}`),
					["Interrupted: the process that ran it died"],
				);
			}, PATIENCE_MS);
			await eventually(async () => {
				const { runs, handledRequest } = replicationReport.parse((await operator.observe(`copy-${project}`))?.report);
				assert.deepEqual([handledRequest, runs[0]?.outcome], ["again", "Succeeded"], JSON.stringify(runs));
			}, PATIENCE_MS);
			await eventually(async () => {
				const sql = `SELECT store, moving_to FROM projects WHERE name = '${project}'`;
				assert.deepEqual((await query(databaseUrl, sql)).rows, [{ store: OTHER.name, moving_to: null }]);
			}, PATIENCE_MS);
		},
	);
};

/** Hands backups over, one after the other, until one succeeds. @returns its id in the archive, and how many were asked for */
const backUp = async (
	operator: ControlledWorld["operator"],
): Promise<{ readonly id: string; readonly asked: number }> => {
	for (let n = 0; ; n++) {
		const uid = `backup-${n}`;
		await operator.apply([{ kind: "Backup", uid, spec: { name: `team/${uid}` } }]);
		const run = await eventually(async () => {
			const [only] = backupReport.parse((await operator.observe(uid))?.report).runs;
			assert.ok(only !== undefined && only.outcome !== "Running", `${uid} has not ended`);
			return only;
		}, PATIENCE_MS);
		if (run.backup !== undefined) return { id: run.backup, asked: n + 1 };
		// A process that had no turn for longer than its lease lasts lost it, as it should.
		assert.ok(n < 5, run.message);
	}
};

const projectOf = (name: string, store: string) => ({
	kind: "Project" as const,
	uid: `project-${name}`,
	spec: { name, store, undoWindow: 0 },
});

const pushImage = async (url: string, repository: string, tag: string): Promise<void> => {
	const config = randomBytes(random, 20_000);
	await pushBlob(url, repository, config);
	const pushed = await putManifest(url, `/v2/${repository}/manifests/${tag}`, manifestOf(config));
	assert.equal(pushed.status, 201);
};

/** The other registry has the image, whole. */
const assertCopied = async (url: string, tag: string): Promise<void> => {
	const manifest = await ask(url, { method: "GET", path: `/v2/team/copied/manifests/${tag}` });
	assert.equal(manifest.status, 200, tag);
	const { digest } = JSON.parse(String(manifest.body)).config;
	const config = await ask(url, { method: "GET", path: `/v2/team/copied/blobs/${digest}` });
	assert.equal(digestOf(config.body), digest);
};
