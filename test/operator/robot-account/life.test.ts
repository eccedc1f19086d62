import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS } from "#/kube/resource-type.ts";
import { Crash, openOperator } from "../operator-bench.ts";

const HOUR = 3_600_000;
const KEY = "system/ci";
const REF = { namespace: "system", name: "ci" };

const specOf = (more: { readonly [field: string]: unknown } = {}) => ({
	registryRef: { name: "main" },
	permissions: [{ project: "web", actions: ["pull", "push"] }],
	...more,
});

const open = async (more: { readonly [field: string]: unknown } = {}) => {
	const bench = await openOperator();
	bench.serve();
	bench.put("RobotAccount", KEY, specOf(more));
	return bench;
};

test("a robot gets a Secret for docker, keyed by host and port, which the registry accepts", async () => {
	await using bench = await open();
	await bench.settle();
	assert.match(bench.ready("RobotAccount", KEY), /^Succeeded/);
	const secret = bench.kube.peek(SECRETS, REF);
	assert.equal(secret?.type, "kubernetes.io/dockerconfigjson");
	const data = Object(secret?.data);
	const config = JSON.parse(Buffer.from(data[".dockerconfigjson"], "base64").toString());
	const { username, password, auth } = config.auths["registry.example.org:5000"];
	assert.equal(username, "robot$system+ci");
	assert.equal(Buffer.from(auth, "base64").toString(), `${username}:${password}`);
	assert.ok(await bench.accepts(KEY, password));
	assert.equal(secret?.metadata.ownerReferences?.[0]?.kind, "RobotAccount");
	assert.equal(secret?.metadata.labels?.["limani.dev/robot-account"], "ci");
	assert.deepEqual(await bench.grantsOf(KEY), ["web"]);
	assert.equal(bench.minted.length, 1);
});

test("a second look and a restart of everything change nothing and reissue nothing", async () => {
	await using bench = await open({ rotation: { interval: "30d" } });
	await bench.settle();
	const before = structuredClone([bench.kube.all(SECRETS), bench.get("RobotAccount", KEY)]);
	const writes = bench.kube.writes.length;
	const robot = await bench.robotAt(KEY);
	await bench.restart();
	await bench.settle();
	assert.equal(bench.kube.writes.length, writes);
	assert.deepEqual([bench.kube.all(SECRETS), bench.get("RobotAccount", KEY)], before);
	assert.deepEqual(await bench.robotAt(KEY), robot);
	assert.equal(bench.minted.length, 1);
});

test("rotation hands out a new credential while the old one works, until its grace is over", async () => {
	await using bench = await open({ rotation: { interval: "30d", gracePeriod: "1h" } });
	await bench.settle();
	const old = bench.secretOf(KEY);
	bench.clock.now += 30 * 24 * HOUR;
	await bench.until(() => bench.secretOf(KEY) !== old);
	assert.ok(await bench.accepts(KEY, old));
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
	await bench.settle();
	const status = Object(bench.get("RobotAccount", KEY)?.status);
	assert.equal(status.previousCredentialRevokeTime, "2026-01-31T01:00:00Z");
	assert.equal(status.nextRotationTime, "2026-03-02T00:00:00Z");
	bench.clock.now += HOUR - 1;
	assert.ok(await bench.accepts(KEY, old));
	bench.clock.now += 1;
	assert.ok(!(await bench.accepts(KEY, old)));
	await bench.settle();
	assert.equal((await bench.robotAt(KEY))?.verifiers.length, 1);
	assert.equal(Object(bench.get("RobotAccount", KEY)?.status).previousCredentialRevokeTime, undefined);
	assert.equal(bench.minted.length, 2);
});

test("a pull loop through a hundred rotations never fails, with the cache behind and the operator restarted", async () => {
	await using bench = await open({ rotation: { gracePeriod: "1h" } });
	await bench.settle();
	for (let i = 0; i < 100; i++) {
		const held = bench.secretOf(KEY);
		const at = `request ${i}`;
		bench.put("RobotAccount", KEY, specOf({ rotation: { gracePeriod: "1h" } }), {
			annotations: { "limani.dev/requestedAt": at, "limani.dev/forceAt": at },
		});
		if (i % 10 === 3) await bench.restart();
		bench.clock.now += 2 * HOUR;
		let pulls = 0;
		await bench.until(async () => {
			pulls++;
			assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)), `rotation ${i}, pull ${pulls}`);
			assert.ok(await bench.accepts(KEY, held), `rotation ${i}, with the credential of before`);
			return bench.secretOf(KEY) !== held && bench.settled();
		});
	}
	assert.equal(bench.minted.length, 101);
});

test("a deleted Secret gets a new credential with an event, and the old one lives through the grace", async () => {
	await using bench = await open();
	await bench.settle();
	const old = bench.secretOf(KEY);
	await bench.kube.delete(SECRETS, REF);
	await bench.until(() => bench.secretOf(KEY) !== undefined);
	await bench.settle();
	assert.notEqual(bench.secretOf(KEY), old);
	assert.ok(await bench.accepts(KEY, old));
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
	assert.ok(bench.events.some((event) => event.startsWith("CredentialRotated: the Secret was deleted")));
	bench.clock.now += HOUR;
	assert.ok(!(await bench.accepts(KEY, old)));
});

test("an edited Secret is put back, and a password of somebody's choice is not let in", async () => {
	await using bench = await open({ secret: { type: "Basic", labels: { team: "a" } } });
	await bench.settle();
	const held = bench.secretOf(KEY);
	const secret = bench.kube.peek(SECRETS, REF);
	assert.ok(secret !== undefined);
	bench.kube.edit(SECRETS, { ...secret, metadata: { ...secret.metadata, labels: {} } });
	await bench.settle();
	assert.equal(bench.secretOf(KEY), held);
	assert.equal(bench.kube.peek(SECRETS, REF)?.metadata.labels?.team, "a");
	const chosen = "x".repeat(43);
	const data = { ...Object(secret.data), password: Buffer.from(chosen).toString("base64") };
	bench.kube.edit(SECRETS, { ...secret, data });
	await bench.until(() => bench.secretOf(KEY) !== chosen);
	await bench.settle();
	assert.ok(!(await bench.accepts(KEY, chosen)));
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
});

test("somebody else's Secret under the name is left alone and named in the status", async () => {
	await using bench = await openOperator();
	bench.serve();
	bench.kube.edit(SECRETS, { metadata: REF, data: { mine: "bWluZQ==" } });
	bench.put("RobotAccount", KEY, specOf());
	await bench.until(() => bench.ready("RobotAccount", KEY).startsWith("NotOurs"));
	assert.deepEqual(bench.kube.peek(SECRETS, REF)?.data, { mine: "bWluZQ==" });
	assert.equal(bench.minted.length, 0);
	await bench.kube.delete(SECRETS, REF);
	await bench.settle();
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
});

test("somebody else's Secret that takes the place while a credential is on its way is left alone", async () => {
	await using bench = await open();
	await bench.until(() => bench.minted.length === 1);
	bench.kube.edit(SECRETS, { metadata: REF, data: { mine: "bWluZQ==" } });
	await bench.until(() => bench.ready("RobotAccount", KEY).startsWith("NotOurs"));
	assert.deepEqual(bench.kube.peek(SECRETS, REF)?.data, { mine: "bWluZQ==" });
	await bench.kube.delete(SECRETS, REF);
	await bench.settle();
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
	assert.equal(bench.minted.length, 1, "what was on its way is handed out");
});

test("another name and another type for the Secret take the credential along", async () => {
	await using bench = await open();
	await bench.settle();
	const held = bench.secretOf(KEY);
	bench.put("RobotAccount", KEY, specOf({ secret: { name: "pull", type: "Opaque" } }));
	await bench.until(() => bench.kube.peek(SECRETS, REF) === undefined);
	assert.equal(bench.secretOf("system/pull"), held);
	bench.put("RobotAccount", KEY, specOf({ secret: { name: "pull", type: "Basic" } }));
	await bench.settle();
	assert.equal(bench.kube.peek(SECRETS, { namespace: "system", name: "pull" })?.type, "kubernetes.io/basic-auth");
	assert.equal(bench.secretOf("system/pull"), held);
	assert.equal(bench.minted.length, 1);
});

test("an expired robot does not work, and works with the same credential when it gets more time", async () => {
	await using bench = await open({ expirationTime: "2026-01-02T00:00:00Z" });
	await bench.settle();
	const held = bench.secretOf(KEY);
	bench.clock.now += 24 * HOUR;
	assert.ok(!(await bench.accepts(KEY, held)), "before anybody looks");
	await bench.until(() => bench.ready("RobotAccount", KEY).startsWith("Expired"));
	await bench.until(async () => (await bench.robotAt(KEY))?.verifiers.length === 0);
	bench.put("RobotAccount", KEY, specOf({ expirationTime: "2027-01-01T00:00:00Z" }));
	await bench.until(() => bench.accepts(KEY, held));
	assert.equal(bench.minted.length, 1);
});

test("a suspended robot does not work and keeps its credential", async () => {
	await using bench = await open();
	await bench.settle();
	const held = bench.secretOf(KEY);
	bench.put("RobotAccount", KEY, specOf({ suspend: true }));
	await bench.until(async () => !(await bench.accepts(KEY, held)));
	await bench.settle();
	assert.match(bench.ready("RobotAccount", KEY), /^Suspended/);
	assert.equal(bench.secretOf(KEY), held);
	bench.put("RobotAccount", KEY, specOf());
	await bench.until(() => bench.accepts(KEY, held));
});

test("a request to rotate is met once and repeated in the status", async () => {
	await using bench = await open();
	await bench.settle();
	const annotations = { "limani.dev/requestedAt": "now", "limani.dev/forceAt": "now" };
	bench.put("RobotAccount", KEY, specOf(), { annotations });
	await bench.until(() => bench.minted.length === 2);
	await bench.settle();
	assert.equal(Object(bench.get("RobotAccount", KEY)?.status).lastHandledRequestedAt, "now");
	await bench.restart();
	await bench.settle();
	assert.equal(bench.minted.length, 2);
});

test("a deleted robot is gone from the registry before its resource is, with its Secrets", async () => {
	await using bench = await open();
	await bench.settle();
	const held = bench.secretOf(KEY);
	await bench.remove("RobotAccount", KEY);
	assert.ok(bench.get("RobotAccount", KEY) !== undefined);
	await bench.until(() => bench.get("RobotAccount", KEY) === undefined);
	assert.ok(!(await bench.accepts(KEY, held)));
	assert.deepEqual(bench.kube.all(SECRETS), []);
});

/** Takes a robot through all of its life; each stage lasts until it is settled. */
const live = async (crashAt: number): Promise<number> => {
	await using bench = await openOperator();
	let effects = 0;
	let crashed = false;
	const count = () => {
		if (effects++ !== crashAt) return;
		crashed = true;
		throw new Crash("killed");
	};
	bench.kube.afterWrite = count;
	bench.hooks.afterApply = count;
	const retry = (error: unknown): boolean => error instanceof Crash;
	const stage = async (done: () => boolean) => {
		await bench.until(async () => {
			if (crashed) {
				crashed = false;
				await bench.restart();
			}
			return done();
		}, retry);
	};
	bench.serve();
	bench.namespace("apps", { "limani.dev/accept-from": "system" });
	const secret = { copyTo: { namespaceSelector: {} } };
	bench.put("RobotAccount", KEY, specOf({ secret }));
	const isDone = () => bench.settled() && bench.secretOf("apps/ci") === bench.secretOf(KEY);
	await stage(() => bench.secretOf(KEY) !== undefined && isDone());
	const first = bench.secretOf(KEY);
	assert.ok(await bench.accepts(KEY, first));
	const annotations = { "limani.dev/requestedAt": "1", "limani.dev/forceAt": "1" };
	bench.put("RobotAccount", KEY, specOf({ secret }), { annotations });
	await stage(() => bench.secretOf(KEY) !== first && isDone());
	const second = bench.secretOf(KEY);
	assert.ok((await bench.accepts(KEY, first)) && (await bench.accepts(KEY, second)), "both work through the grace");
	bench.clock.now += HOUR;
	await stage(isDone);
	await bench.kube.delete(SECRETS, REF).catch(() => undefined);
	await stage(() => bench.secretOf(KEY) !== undefined && isDone());
	const third = bench.secretOf(KEY);
	assert.ok((await bench.accepts(KEY, second)) && (await bench.accepts(KEY, third)), "both work through the grace");
	bench.put("RobotAccount", KEY, specOf({ secret: { ...secret, type: "Basic" } }), { annotations });
	await stage(() => isDone() && bench.kube.peek(SECRETS, REF)?.type === "kubernetes.io/basic-auth");
	assert.equal(bench.secretOf(KEY), third, "the type is no reason for another credential");
	await bench.remove("RobotAccount", KEY).catch(() => undefined);
	await stage(() => bench.get("RobotAccount", KEY) === undefined);
	assert.deepEqual(bench.kube.all(SECRETS), []);
	assert.equal(await bench.robotAt(KEY), undefined);
	// A new secret that was thrown away before anybody knew of it is the only one that may be more.
	assert.ok(bench.minted.length <= 4, `${bench.minted.length} secrets were made`);
	return effects;
};

test("killed after any one of its effects, a robot's life comes to the same", async () => {
	const effects = await live(-1);
	assert.ok(effects > 20, `${effects} effects`);
	for (let crashAt = 0; crashAt < effects; crashAt++) await live(crashAt);
});
