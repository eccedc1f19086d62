// One tag that clients read, move and delete at three replicas while those, the database and the store are hurt. SEED
// repeats the choices.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { FAULTS, type Fault, fillDatabaseDisk, fillDisk } from "../../support/ha/faults.ts";
import { SEED } from "../../support/ha/settings.ts";
import { type HaWorld, openHaWorld } from "../../support/ha/world.ts";
import { checkHistory, type TagOperation } from "../../support/linear-checker.ts";
import { pushManifests, readEverywhere, runClients, type SentOperation } from "../../support/linear-clients.ts";
import { ABSENT } from "../../support/linear-register.ts";
import { assertHistoryEnd, HISTORY_SQL } from "../../support/linear-suite.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { mountSmallDisk } from "../../support/small-disk.ts";

const skip = (why: string): void => console.log(why);
const unmounts: (() => void)[] = [];
const databaseDisk = mountSmallDisk({ skip, after: (unmount) => void unmounts.push(unmount) }, 256);
const postgres = privatePostgres(databaseDisk?.directory);
// The server ends before its disk goes.
after(() => {
	for (const unmount of unmounts) unmount();
});
const s3 = privateS3("minio");

/** With more of them almost any history could be explained. */
const MAX_OPEN = 24;

/** What a process that died sent is done by the database within this, milliseconds. */
const LATE_MS = 10_000;

test(`a tag does one thing at a time across replicas that die, stand still and lose the database or the store (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	const disk = mountSmallDisk({ skip, after: (unmount) => t.after(unmount) }, 4);
	const dataDirOf = disk === undefined ? {} : { dataDirOf: (n: number) => `${disk.directory}/replica-${n}` };
	await using world = await openHaWorld(t, { postgres, s3, ...dataDirOf });
	if (world === undefined) return;
	const { replicas, databaseUrl } = world;
	const [first, ...others] = replicas;
	const urls: [string, ...string[]] = [first.url, ...others.map(({ url }) => url)];
	const manifests = await pushManifests(first.url, 6);
	const random = seededRandom(SEED);
	const ending = new AbortController();
	const run = { urls, manifests, clients: 4, seed: SEED, restMs: 45, careful: true, until: ending.signal } as const;
	const running = runClients(run);
	const { pauseReplica, killReplica, cutReplica, crashDatabase, killDatabase, failStore, slowStore, cutStore } = FAULTS;
	const hurts: readonly Fault[] = [
		pauseReplica,
		failStore,
		killReplica,
		...(disk === undefined ? [] : [fillDisk(disk)]),
		cutReplica,
		slowStore,
		crashDatabase,
		killReplica,
		cutStore,
		...(databaseDisk === undefined ? [] : [fillDatabaseDisk(databaseDisk)]),
		killDatabase,
	];
	try {
		for (const hurt of hurts) await hurt(world, random);
	} finally {
		ending.abort();
	}
	const operations = await running;
	for (const url of urls) await eventually(async () => assert.ok((await fetch(`${url}/readyz`)).ok));
	const reads = await readEverywhere(run, 4);
	// What was read without an answer tells nothing, nor does what was never sent.
	const told = operations.filter(
		({ action, result, sent }) => sent && (action.kind !== "read" || result !== undefined),
	);
	const history = [...told.map((operation) => bounded(operation, world)), ...reads];
	const unknown = history.filter(({ result }) => result === undefined);
	const open = unknown.filter(({ over }) => over === undefined);
	const changed = history.filter(({ result }) => result?.kind === "moved" || result?.kind === "removed");
	t.diagnostic(
		`${operations.length} operations, ${changed.length} changed the tag; of ${unknown.length} changes it is not known what became, of ${open.length} for good`,
	);
	assert.ok(changed.length > 10, "it was put to the test");
	assert.ok(open.length <= MAX_OPEN, `of ${open.length} changes it will never be known what became`);
	const begun = performance.now();
	const verdict = checkHistory(history, ABSENT);
	t.diagnostic(`checked in ${Math.round(performance.now() - begun)} ms`);
	if (!verdict.linearizable) assert.fail(`nothing explains this answer:\n${JSON.stringify(verdict, null, 1)}`);
	const last = reads.at(-1)?.result?.value ?? assert.fail("the tag cannot be read in the end");
	assert.ok(verdict.values.has(last));
	assertHistoryEnd((await query(databaseUrl, HISTORY_SQL)).rows, last);
});

/** When an operation of which nobody knows what became was over at the latest, where anything tells that. */
const bounded = (operation: SentOperation, { replicas, databaseDeaths }: HaWorld): TagOperation => {
	const { start, end, url, answered, result } = operation;
	if (result !== undefined) return operation;
	const after = (times: readonly number[]): number | undefined => times.find((time) => time >= start);
	const death = after(replicas.find((replica) => replica.url === url)?.deaths ?? []);
	const databaseDeath = after(databaseDeaths);
	// Who has answered asks the database nothing more, and what the database was asked died with it.
	const over = [
		...(death === undefined ? [] : [death + LATE_MS]),
		...(databaseDeath === undefined || !answered ? [] : [Math.max(end, databaseDeath)]),
	];
	return over.length === 0 ? operation : { ...operation, over: Math.min(...over) };
};
