import assert from "node:assert/strict";
import { test } from "node:test";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const KEY = "system/tidy";
const DAY = 86_400_000;
const NOON = Date.UTC(2026, 0, 1, 12);

const specOf = (more: Fields = {}): Fields => ({
	registryRef: { name: "main" },
	projectRefs: [{ name: "web" }],
	rules: [{ name: "newest", keep: { latestPushed: 10, pushedWithin: "30d" } }],
	...more,
});

const open = async (spec: Fields = specOf()) => {
	const bench = await openOperator();
	bench.serve();
	bench.put("Project", "system/web", { registryRef: { name: "main" } });
	bench.put("RetentionPolicy", KEY, spec);
	return bench;
};

type Bench = Awaited<ReturnType<typeof open>>;

const ready = (bench: Bench) => bench.ready("RetentionPolicy", KEY);
const statusOf = (bench: Bench) => Object(bench.get("RetentionPolicy", KEY)?.status);
const specAt = async (bench: Bench) => Object((await bench.policyAt("RetentionPolicy", KEY))?.spec);
const healthOf = (bench: Bench) => {
	const object = bench.get("RetentionPolicy", KEY);
	return object === undefined ? undefined : findCondition(conditionsOf(object), "Healthy");
};

const runOf = (more: Fields = {}): Fields => ({
	id: "run-1",
	trigger: "Schedule",
	dryRun: false,
	startedAt: NOON,
	finishedAt: NOON + 5_000,
	outcome: "Succeeded",
	message: "removed 2 of 12",
	looked: 12,
	kept: 10,
	removed: 2,
	bytes: 2_048,
	byRule: [{ rule: "newest", kept: 10 }],
	...more,
});

const decision = {
	repository: "web/app",
	digest: `sha256:${"0".repeat(64)}`,
	tags: Array.from({ length: 12 }, (_, i) => `v${i}`),
	keep: false,
	why: "no rule keeps it",
};

test("a RetentionPolicy is in force at the registry, about the Projects that it names by their uids", async () => {
	await using bench = await open(specOf({ schedule: "0 3 * * *", protect: { signed: true } }));
	await bench.settle();
	assert.equal(ready(bench), "Succeeded: in force for 1 project");
	assert.deepEqual(await specAt(bench), {
		name: KEY,
		projects: { uids: [bench.get("Project", "system/web")?.metadata.uid] },
		rules: [
			{
				name: "newest",
				repositories: { matching: ["**"], excluding: [] },
				tags: { matching: ["**"], excluding: [] },
				keep: { latestPushed: 10, pushedWithin: 30 * DAY },
			},
		],
		protect: { signed: true, annotations: [] },
		schedule: "0 3 * * *",
		dryRun: false,
		suspend: false,
		guard: { maxShare: 50, minimum: 20 },
	});
	assert.equal(healthOf(bench)?.reason, "NotRunYet");
	assert.deepEqual(bench.get("RetentionPolicy", KEY)?.metadata.finalizers, ["limani.dev/cleanup"]);
});

test("a second look and a restart write nothing, at either side", async () => {
	await using bench = await open();
	await bench.settle();
	await bench.report("RetentionPolicy", KEY, { runs: [runOf()], explain: [decision] });
	await bench.until(() => statusOf(bench).runs?.length === 1);
	await bench.settle();
	const writes = bench.kube.writes.length;
	const before = await bench.policyAt("RetentionPolicy", KEY);
	await bench.restart();
	await bench.settle();
	assert.deepEqual(bench.kube.writes.slice(writes), []);
	assert.deepEqual(await bench.policyAt("RetentionPolicy", KEY), before);
});

test("what its runs came to stands in the status, with why artifacts go and when it runs next", async () => {
	await using bench = await open();
	await bench.settle();
	await bench.report("RetentionPolicy", KEY, {
		runs: [runOf({ id: "run-2", outcome: "Running", finishedAt: undefined, startedAt: NOON + DAY }), runOf()],
		nextRunAt: NOON + 2 * DAY,
		explain: [decision],
	});
	await bench.until(() => statusOf(bench).runs?.length === 2);
	const { runs, nextRunTime, explain } = statusOf(bench);
	assert.deepEqual(runs[1], {
		id: "run-1",
		trigger: "Schedule",
		dryRun: false,
		startTime: "2026-01-01T12:00:00Z",
		completionTime: "2026-01-01T12:00:05Z",
		outcome: "Succeeded",
		message: "removed 2 of 12",
		looked: 12,
		kept: 10,
		removed: 2,
		bytes: 2_048,
		byRule: [{ rule: "newest", kept: 10 }],
	});
	assert.equal(runs[0].completionTime, undefined);
	assert.equal(nextRunTime, "2026-01-03T12:00:00Z");
	assert.deepEqual(explain, [{ ...decision, tags: decision.tags.slice(0, 10) }]);
	assert.equal(healthOf(bench)?.status, "True");
});

test("a run that fails or is stopped by the guard is told by a condition, by Ready's words and by one event", async () => {
	await using bench = await open();
	await bench.settle();
	const stopped = runOf({ id: "run-2", outcome: "Stopped", message: "it would remove 90 of 100, at most 50 %" });
	const told = () => bench.events.filter((event) => event.startsWith("Run"));
	await bench.report("RetentionPolicy", KEY, { runs: [stopped, runOf()], explain: [] });
	await bench.until(() => healthOf(bench)?.status === "False");
	assert.equal(healthOf(bench)?.reason, "RunStopped");
	assert.equal(
		ready(bench),
		"Succeeded: in force for 1 project; the last run was stopped: it would remove 90 of 100, at most 50 %",
	);
	await bench.settle();
	assert.deepEqual(told(), ["RunStopped: it would remove 90 of 100, at most 50 %"]);
	await bench.report("RetentionPolicy", KEY, { runs: [runOf({ id: "run-3" }), stopped], explain: [] });
	await bench.until(() => healthOf(bench)?.status === "True");
	await bench.report("RetentionPolicy", KEY, { runs: [runOf({ id: "run-4" }), runOf({ id: "run-3" })], explain: [] });
	await bench.until(() => statusOf(bench).runs?.[0]?.id === "run-4");
	assert.deepEqual(told().slice(1), ["RunSucceeded: removed 2 of 12"], "that it goes on well is no news");
});

test("counters that move while a run goes on are written seldom, and its end at once", async () => {
	await using bench = await open();
	await bench.settle();
	const running = (looked: number) => runOf({ outcome: "Running", finishedAt: undefined, looked, removed: 0 });
	await bench.report("RetentionPolicy", KEY, { runs: [running(1)], explain: [] });
	await bench.until(() => statusOf(bench).runs?.length === 1);
	const writes = bench.kube.writes.length;
	for (let looked = 2; looked < 8; looked++) {
		await bench.report("RetentionPolicy", KEY, { runs: [running(looked)], explain: [] });
		await bench.settle();
	}
	assert.equal(bench.kube.writes.length, writes);
	await bench.report("RetentionPolicy", KEY, { runs: [runOf()], explain: [] });
	await bench.until(() => statusOf(bench).runs?.[0]?.outcome === "Succeeded");
});

test("a run that is asked for by annotation is handled once it has ended", async () => {
	await using bench = await open();
	await bench.settle();
	bench.put("RetentionPolicy", KEY, specOf(), { annotations: { "limani.dev/requestedAt": "now" } });
	await bench.until(async () => (await specAt(bench)).requestedAt === "now");
	assert.equal(statusOf(bench).lastHandledRequestedAt, undefined);
	const run = runOf({ trigger: "Request" });
	await bench.report("RetentionPolicy", KEY, { runs: [run], explain: [], handledRequest: "now" });
	await bench.until(() => statusOf(bench).lastHandledRequestedAt === "now");
	assert.ok(bench.events.includes("RunSucceeded: removed 2 of 12"));
});

test("a suspended policy is suspended at the registry, and a deleted one goes there too", async () => {
	await using bench = await open();
	await bench.settle();
	bench.put("RetentionPolicy", KEY, specOf({ suspend: true }));
	await bench.until(() => ready(bench).startsWith("Suspended"));
	assert.equal((await specAt(bench)).suspend, true);
	const { uid = "" } = bench.get("RetentionPolicy", KEY)?.metadata ?? {};
	await bench.remove("RetentionPolicy", KEY);
	await bench.until(() => bench.get("RetentionPolicy", KEY) === undefined);
	assert.equal(await bench.plane.metadata.policies.find(uid), undefined);
});

test("a policy whose Registry has gone can go", async () => {
	await using bench = await open();
	await bench.settle();
	await bench.planes[Symbol.asyncDispose]();
	await bench.remove("Registry", "system/main");
	await bench.remove("RetentionPolicy", KEY);
	await bench.until(() => bench.get("RetentionPolicy", KEY) === undefined);
});

test("while a Project that it names is missing the whole policy waits, and acts on none", async () => {
	await using bench = await open(specOf({ projectRefs: [{ name: "web" }, { name: "late" }] }));
	await bench.until(() => ready(bench).startsWith("DependencyNotReady"));
	assert.match(ready(bench), /it does nothing until this is so: Project system\/late does not exist$/);
	assert.equal(await bench.policyAt("RetentionPolicy", KEY), undefined);
	bench.put("Project", "system/late", { registryRef: { name: "main" } });
	await bench.settle();
	assert.equal(ready(bench), "Succeeded: in force for 2 projects");
	assert.equal((await specAt(bench)).projects.uids.length, 2);
	await bench.remove("Project", "system/late");
	await bench.until(() => ready(bench).startsWith("DependencyNotReady"));
	await bench.until(async () => (await specAt(bench)).suspend === true);
	bench.put("Project", "system/late", { registryRef: { name: "main" } });
	await bench.until(async () => ready(bench).startsWith("Succeeded") && (await specAt(bench)).suspend === false);
});

test("what is wrong with a pattern, a schedule or a range is told by field", async () => {
	await using bench = await open();
	for (const [more, message] of [
		[{ schedule: "61 3 * * *" }, /^InvalidSpec: spec\.schedule: .*five fields of cron/],
		[{ rules: [{ name: "a", tags: { regex: "(" }, keep: { always: true } }] }, /spec\.rules\[0\]\.tags\.regex: /],
		[{ rules: [{ name: "a", tags: { semver: "one" }, keep: { always: true } }] }, /spec\.rules\[0\]\.tags\.semver: /],
		[
			{ rules: [{ name: "a", tags: { matching: ["{"] }, keep: { always: true } }] },
			/tags\.matching\[0\]: .*expected a pattern: /,
		],
	] as const) {
		bench.put("RetentionPolicy", KEY, specOf(more));
		await bench.until(() => message.test(ready(bench)));
	}
});
