import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS } from "#/kube/resource-type.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };
type Bench = Awaited<ReturnType<typeof openOperator>>;

const KEY = "system/copy";
const NOON = Date.UTC(2026, 0, 1, 12);
const PASSWORD = "hunter2";
const CA = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";

const source = { url: "https://far.example.org", credentialsSecretRef: { name: "far" } };

const scope = { registryRef: { name: "main" }, projectRefs: [{ name: "web" }] };

const specOf = (more: Fields = {}): Fields => ({ ...scope, source, ...more });

const open = async (spec: Fields = specOf()) => {
	const bench = await openOperator();
	bench.serve();
	bench.put("Project", "system/web", { registryRef: { name: "main" } });
	bench.put("ReplicationPolicy", KEY, spec);
	return bench;
};

const secret = (bench: Bench, entries: { readonly [key: string]: string }, name = "far") => {
	const data = Object.entries(entries).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
	bench.kube.edit(SECRETS, { metadata: { namespace: "system", name }, data: Object.fromEntries(data) });
};

const ready = (bench: Bench) => bench.ready("ReplicationPolicy", KEY);
const statusOf = (bench: Bench) => Object(bench.get("ReplicationPolicy", KEY)?.status);
const specAt = async (bench: Bench) => Object((await bench.policyAt("ReplicationPolicy", KEY))?.spec);
const generationAt = async (bench: Bench) => (await bench.policyAt("ReplicationPolicy", KEY))?.generation;

/** What goes over Control for it, as long as `act` takes: the only place where the plain credentials are. */
const credentialsDuring = async (bench: Bench, act: () => Promise<void>): Promise<unknown> => {
	const { apply } = bench.plane.control;
	const seen: unknown[] = [];
	bench.plane.control.apply = (change, signal) => {
		for (const { kind, spec } of change.upserts) {
			if (kind === "ReplicationPolicy") seen.push(Object(spec.remote).credentials);
		}
		return apply.call(bench.plane.control, change, signal);
	};
	try {
		await act();
	} finally {
		bench.plane.control.apply = apply;
	}
	return seen.at(-1);
};

test("a ReplicationPolicy is in force with the credentials and authorities of its Secrets, which stay unseen", async () => {
	await using bench = await open(specOf({ source: { ...source, caSecretRef: { name: "ca" } } }));
	secret(bench, { username: "robot", password: `${PASSWORD}\n` });
	secret(bench, { "ca.crt": CA }, "ca");
	const credentials = await credentialsDuring(bench, () => bench.settle());
	assert.deepEqual(credentials, { username: "robot", password: PASSWORD });
	assert.equal(ready(bench), "Succeeded: in force for 1 project");
	const { direction, remote, projects, onEvent, concurrency } = await specAt(bench);
	assert.deepEqual([direction, onEvent, concurrency], ["Pull", false, 4]);
	assert.deepEqual([remote.url, remote.ca, remote.type], [source.url, CA, "Generic"]);
	assert.equal(projects.uids.length, 1);
	assert.equal(statusOf(bench).remote, source.url);
	const kept = JSON.stringify([bench.get("ReplicationPolicy", KEY), await specAt(bench), bench.events]);
	assert.ok(!kept.includes(PASSWORD));
});

test("the login may be an entry of a .dockerconfigjson, by host", async () => {
	await using bench = await open();
	const auth = Buffer.from("ann:a:b").toString("base64");
	const auths = { "https://other.example.org": { auth: "" }, "https://far.example.org/v1/": { auth } };
	secret(bench, { ".dockerconfigjson": JSON.stringify({ auths }) });
	const credentials = await credentialsDuring(bench, () => bench.settle());
	assert.deepEqual(credentials, { username: "ann", password: "a:b" });
});

test("a missing Secret is said with what to make, and one that holds no login with what it lacks", async () => {
	await using bench = await open();
	await bench.until(() => ready(bench).startsWith("DependencyNotReady"));
	assert.match(
		ready(bench),
		/spec\.source\.credentialsSecretRef: there is no Secret far in namespace system: kubectl create secret generic far --from-literal=username=NAME/,
	);
	assert.equal(await generationAt(bench), undefined);
	secret(bench, { token: PASSWORD });
	await bench.until(() => /the Secret far has no entries username and password, or/.test(ready(bench)));
	secret(bench, { username: "a", password: PASSWORD });
	await bench.until(() => ready(bench).startsWith("Succeeded"));
	bench.put("ReplicationPolicy", KEY, specOf({ source: { ...source, caSecretRef: { name: "ca" } } }));
	await bench.until(() =>
		/spec\.source\.caSecretRef: there is no Secret ca .*--from-file=ca\.crt=FILE/.test(ready(bench)),
	);
	await bench.until(async () => (await specAt(bench)).suspend === true);
	secret(bench, { "ca.crt": "nonsense" }, "ca");
	await bench.until(() => /holds no certificate in PEM form/.test(ready(bench)));
});

test("a changed password is handed over, and no fingerprint comes of it, whatever it is", async () => {
	await using bench = await open();
	secret(bench, { username: "a", password: PASSWORD });
	await bench.settle();
	const first = await generationAt(bench);
	const again = await credentialsDuring(bench, async () => {
		secret(bench, { username: "a", password: "other" });
		await bench.until(async () => (await generationAt(bench)) !== first);
	});
	assert.deepEqual(again, { username: "a", password: "other" });
	const second = await generationAt(bench);
	secret(bench, { username: "a", password: PASSWORD });
	await bench.until(async () => (await generationAt(bench)) !== second);
	assert.notEqual(await generationAt(bench), first, "the same password has another fingerprint");
	await bench.settle();
	assert.match(ready(bench), /^Succeeded/);
});

test("a second look and a restart hand nothing over again", async () => {
	await using bench = await open();
	secret(bench, { username: "a", password: PASSWORD });
	await bench.settle();
	const writes = bench.kube.writes.length;
	await bench.restart();
	assert.equal(await credentialsDuring(bench, () => bench.settle()), undefined);
	assert.deepEqual(bench.kube.writes.slice(writes), []);
});

test("to another Registry it goes as the robot of its namespace, whose rotations are followed", async () => {
	const destination = { registryRef: { name: "main" }, robotAccountRef: { name: "writer" } };
	await using bench = await open({ ...scope, destination, trigger: { onEvent: true } });
	await bench.until(() => /RobotAccount writer does not exist in namespace system/.test(ready(bench)));
	const permissions = [{ project: "web", actions: ["pull", "push"] }];
	bench.put("RobotAccount", "system/writer", { registryRef: { name: "main" }, permissions });
	const credentials = await credentialsDuring(bench, () => bench.settle());
	assert.deepEqual(credentials, { username: "robot$system+writer", password: bench.secretOf("system/writer") });
	const { direction, onEvent, remote } = await specAt(bench);
	assert.deepEqual([direction, onEvent, remote.url], ["Push", true, "https://registry.example.org:5000"]);
	const rotated = await credentialsDuring(bench, async () => {
		const before = bench.secretOf("system/writer");
		const annotations = { "limani.dev/forceAt": "now", "limani.dev/requestedAt": "now" };
		bench.put("RobotAccount", "system/writer", { registryRef: { name: "main" }, permissions }, { annotations });
		const generation = await generationAt(bench);
		await bench.until(
			async () => bench.secretOf("system/writer") !== before && (await generationAt(bench)) !== generation,
		);
		await bench.settle();
	});
	assert.deepEqual(rotated, { username: "robot$system+writer", password: bench.secretOf("system/writer") });
	bench.put("RobotAccount", "system/writer", { registryRef: { name: "main" }, permissions, suspend: true });
	await bench.until(() => /RobotAccount writer is not Ready: spec\.suspend is true/.test(ready(bench)));
	await bench.until(async () => (await specAt(bench)).suspend === true);
});

test("the authorities of another Registry are those beside its certificate", async () => {
	const destination = { registryRef: { name: "main" }, robotAccountRef: { name: "writer" } };
	await using bench = await open({ ...scope, destination });
	bench.serve({ exposure: { tls: { secretName: "tls" } } });
	secret(bench, { "tls.crt": "", "tls.key": "", "ca.crt": CA }, "tls");
	bench.put("RobotAccount", "system/writer", { registryRef: { name: "main" }, permissions: [] });
	await bench.settle();
	assert.equal((await specAt(bench)).remote.ca, CA);
});

test("how far the copies are stands in the status, rounded, and a failing run by its words", async () => {
	await using bench = await open(specOf({ source: { url: source.url } }));
	await bench.settle();
	const run = {
		id: "run-1",
		trigger: "Schedule",
		startedAt: NOON,
		finishedAt: NOON + 1_000,
		outcome: "Failed",
		message: "https://far.example.org: 401 UNAUTHORIZED",
		copied: 3,
		skipped: 5,
		failed: 1,
		removed: 0,
		bytes: 1_000,
	};
	const report = { runs: [run], inSync: 8, behind: 1, diverged: 0, lagSeconds: 12_345, observedAt: NOON };
	await bench.report("ReplicationPolicy", KEY, report);
	await bench.until(() => statusOf(bench).tags !== undefined);
	const { tags, lagSeconds, observedTime, runs } = statusOf(bench);
	assert.deepEqual([tags, lagSeconds], [{ inSync: 8, behind: 1, diverged: 0 }, 12_300]);
	assert.deepEqual([observedTime, runs[0].copied], ["2026-01-01T12:00:00Z", 3]);
	const object = bench.get("ReplicationPolicy", KEY);
	assert.ok(object !== undefined);
	const health = findCondition(conditionsOf(object), "Healthy");
	assert.deepEqual([health?.status, health?.reason, health?.message], ["False", "RunFailed", run.message]);
	assert.ok(bench.events.includes(`RunFailed: ${run.message}`));
	const writes = bench.kube.writes.length;
	await bench.report("ReplicationPolicy", KEY, { ...report, inSync: 9, behind: 0, lagSeconds: 0 });
	await bench.settle();
	assert.equal(bench.kube.writes.length, writes, "counters alone wait");
});
