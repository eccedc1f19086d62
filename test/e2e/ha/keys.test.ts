// Token signing keys change under the clients of three replicas: each key is made once, known everywhere before it
// signs, and believed for as long as what it signed lives, though one replica is killed and another stands still.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { signJwt } from "#/auth/jwt.ts";
import { eventually } from "../../support/eventually.ts";
import { ask } from "../../support/ha/ask.ts";
import { KeyAudit } from "../../support/ha/key-audit.ts";
import type { Replica } from "../../support/ha/replica.ts";
import { SEED } from "../../support/ha/settings.ts";
import { type FetchedToken, TokenLoad, takes } from "../../support/ha/token-load.ts";
import { openHaWorld } from "../../support/ha/world.ts";
import { privatePostgres, query } from "../../support/postgres.ts";
import { signal } from "../../support/process-lives.ts";
import { privateS3 } from "../../support/s3.ts";

const postgres = privatePostgres();
const s3 = privateS3("minio");

/** A key is announced for so long before it signs. */
const PUBLISH_MS = 60_000;
/** So long that a token of this test can only be refused because its key is gone. */
const TOKEN_LIFETIME_MS = 3_600_000;

const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/** The keys that a replica publishes, in the order of their ids. */
const publishedBy = async ({ url }: Replica): Promise<readonly string[]> => {
	const { status, body } = await ask(url, { method: "GET", path: "/.well-known/jwks.json" });
	assert.equal(status, 200);
	return keySet
		.parse(JSON.parse(String(body)))
		.keys.map(({ kid }) => kid)
		.toSorted();
};

const { privateKey: foreignKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

/** Has a replica look at the keys now, as anybody can: by a token of a key that it does not know. */
const letLook = async ({ url }: Replica): Promise<void> => {
	const bearer = `Bearer ${signJwt({}, "of-another-registry", foreignKey)}`;
	assert.equal((await ask(url, { method: "GET", path: "/v2/" }, bearer)).status, 401);
};

test(`keys change under the clients of three replicas, and no token is refused (SEED=${SEED})`, {
	skip: s3.skip,
}, async (t) => {
	const auth = { tokenLifetime: `${TOKEN_LIFETIME_MS}ms`, signingKeyLifetime: "1s" };
	await using world = await openHaWorld(t, { postgres, s3, between: "nothing", config: { auth } });
	if (world === undefined) return;
	const { replicas, databaseUrl } = world;
	const [first, paused, killed] = replicas;
	assert.ok(paused !== undefined && killed !== undefined);
	const audit = await KeyAudit.open(databaseUrl);
	using load = await TokenLoad.open(replicas, SEED);
	const until = <T>(attempt: () => Promise<T> | T) => load.beside(eventually(attempt, 120_000));

	/** The key that is to sign next, once a replica knows it. */
	const announcedBy = (replica: Replica, look?: () => Promise<void>) =>
		until(async () => {
			await look?.();
			const { rows } = await query(databaseUrl, "SELECT kid, since FROM signing_keys WHERE state = 'next'");
			const [{ kid, since }] = z.tuple([z.object({ kid: z.string(), since: z.coerce.number() })]).parse(rows);
			assert.ok((await publishedBy(replica)).includes(kid), replica.name);
			return since;
		});
	/** Has the first replica look until there were so many turns. */
	const turned = (count: number) =>
		until(async () => {
			await letLook(first);
			assert.equal((await audit.turns()).length, count);
		});

	// Each replica looks by itself. The minute is a whole one, as the database stamped it.
	const [since] = await Promise.all([announcedBy(first), announcedBy(paused), announcedBy(killed)]);
	await load.beside(sleep(since + PUBLISH_MS - 4_000 - Date.now()));
	load.halt(paused);
	signal(paused.pid ?? 0, "SIGSTOP");
	load.leave(killed);
	await killed.kill();
	await turned(1);
	await killed.start();
	load.join(killed);

	// While one still stands, the next turn; the others know its key, so that its minute may be over.
	await announcedBy(killed);
	await announcedBy(first, () => letLook(first));
	await query(databaseUrl, `UPDATE signing_keys SET since = since - ${PUBLISH_MS} WHERE state <> 'retired'`);
	await turned(2);
	const [firstTurn, secondTurn] = await audit.turns();
	assert.ok(firstTurn !== undefined && secondTurn !== undefined);
	assert.ok(firstTurn.announcedMs >= PUBLISH_MS, `it signs after ${firstTurn.announcedMs} ms`);
	// The one that wakes finds tokens of a key that it has never heard of.
	await until(() => {
		const waiting = load.pending.get(paused)?.filter((kid) => kid === secondTurn.to) ?? [];
		assert.ok(waiting.length >= 5, `${waiting.length} such tokens wait for it`);
	});
	signal(paused.pid ?? 0, "SIGCONT");
	await until(() => {
		const { from, to } = secondTurn;
		for (const replica of replicas) {
			for (const kid of [firstTurn.from, from, to]) assert.ok(load.taken.get(replica)?.get(kid), replica.name);
		}
	});
	await load.more(30);
	await load.stop();
	const signsFrom = new Map([firstTurn, secondTurn].map(({ to, at }) => [to, at] as const));
	const early = load.fetched.filter(({ kid, at }) => at < (signsFrom.get(kid) ?? 0));
	assert.deepEqual(early, [], "signed by a key before its time");

	const lookEverywhere = async (): Promise<readonly string[]> => {
		for (const replica of replicas) await letLook(replica);
		const sets = await Promise.all(replicas.map(publishedBy));
		const { rows } = await query(databaseUrl, 'SELECT kid FROM signing_keys ORDER BY kid COLLATE "C"');
		const kept = rows.map(({ kid }) => String(kid));
		for (const set of sets) assert.deepEqual(set, kept);
		return kept;
	};
	await eventually(lookEverywhere);
	const lastOf = (kid: string): FetchedToken =>
		load.fetched.findLast((token) => token.kid === kid) ?? assert.fail(`no token of ${kid}`);
	const late = [firstTurn.from, secondTurn.from];
	for (const kid of late) for (const replica of replicas) assert.equal(await takes(replica, lastOf(kid)), 200);
	const retireMs = TOKEN_LIFETIME_MS + PUBLISH_MS;
	await query(databaseUrl, `UPDATE signing_keys SET since = since - ${retireMs} WHERE state = 'retired'`);
	await eventually(async () => {
		const left = await lookEverywhere();
		assert.deepEqual(
			late.filter((kid) => left.includes(kid)),
			[],
		);
	});
	for (const replica of replicas) {
		for (const kid of late) assert.equal(await takes(replica, lastOf(kid)), 401, `${replica.name}: its key is gone`);
		assert.equal(await takes(replica, lastOf(secondTurn.to)), 200);
	}
	const { length } = await audit.turns();
	const uses = [...load.taken.values()].flatMap((counts) => [...counts.values()]).reduce((sum, n) => sum + n, 0);
	t.diagnostic(`${length} turns, ${load.fetched.length} tokens, used ${uses} times`);
});
