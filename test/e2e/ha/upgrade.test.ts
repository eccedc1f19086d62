// From one release to the next and back, while clients push and pull: old and new replicas side by side on one schema.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { eventually } from "../../support/eventually.ts";
import { layOutRelease, SCHEMA } from "../../support/ha/other-release.ts";
import { PullLoad } from "../../support/ha/pull-load.ts";
import { PushLoad } from "../../support/ha/push-load.ts";
import { SEED } from "../../support/ha/settings.ts";
import { settleWorld } from "../../support/ha/settle.ts";
import { type HaWorld, openHaWorld } from "../../support/ha/world.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { privateS3 } from "../../support/s3.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");

/** A column that this release does not know, and an index over one that it does. */
const EXPANSION = [
	"ALTER TABLE repositories ADD COLUMN noted BIGINT",
	"CREATE INDEX repositories_noted ON repositories (noted)",
];

/** Replaces all replicas by those of a release, one after the other, each once the one before is ready. */
const roll = async ({ balancer, replicas }: HaWorld, program: string | undefined): Promise<void> => {
	for (const replica of replicas) {
		await eventually(() => assert.equal(balancer.ready, replicas.length));
		await replica.terminate();
		replica.program = program;
		await replica.start();
	}
	await eventually(() => assert.equal(balancer.ready, replicas.length));
};

const schemaOf = async ({ databaseUrl }: HaWorld): Promise<number> => {
	const { rows } = await query(databaseUrl, "SELECT MAX(number) AS number FROM migrations");
	return Number(rows[0]?.number);
};

test(`an upgrade to the next release and back fails no pull and loses no push (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	await using world = await openHaWorld(t, { postgres, s3, between: "proxies" });
	if (world === undefined) return;
	const { balancer, lives, replicas } = world;
	const directory = temporaryDirectory(t);
	const next = layOutRelease(join(directory, "next"), { oldestReader: SCHEMA, statements: EXPANSION });
	using pulls = await PullLoad.open({ url: balancer.url, seed: SEED, restMs: 60 });
	const pushes = new PushLoad({ url: balancer.url, lives, seed: SEED, pushers: 2, restMs: 200 });
	pulls.start();
	pushes.start();
	await roll(world, next);
	assert.equal(await schemaOf(world), SCHEMA + 1);
	for (const { output } of replicas) assert.match(output, /99\.0\.0/);
	const halfway = pushes.figures.acknowledged;
	await roll(world, undefined);
	await pulls.stop();
	await pushes.stop();
	t.diagnostic(`${pulls.pulls} pulls, ${pulls.failed.length} failed; ${JSON.stringify(pushes.figures)}`);
	assert.deepEqual(pulls.failed, []);
	assert.equal(pushes.figures.unanswered, 0);
	assert.ok(
		pulls.pulls > 50 && halfway > 0 && pushes.figures.acknowledged > halfway,
		"clients were at it all the time",
	);
	await settleWorld(world, pushes.ledgers);

	await t.test("a release that would damage what a later one wrote does not start, and says why", async () => {
		const [replica, other] = replicas;
		const statements = ["ALTER TABLE repositories DROP COLUMN noted"];
		const later = layOutRelease(join(directory, "later"), { oldestReader: SCHEMA + 2, statements, after: 1 });
		await replica.terminate();
		replica.program = later;
		await replica.start();
		await other?.terminate();
		await other?.spawn();
		const says = new RegExp(`schema ${SCHEMA + 2}, written by a newer release; this release knows up to ${SCHEMA}`);
		await eventually(() => assert.match(other?.output ?? "", says));
	});
});
