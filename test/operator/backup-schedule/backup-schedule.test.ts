import assert from "node:assert/strict";
import { test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { backupScheduleKind } from "#/api/kinds/backup-schedule.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { createBackupScheduleReconcile } from "#/operator/backup-schedule/index.ts";
import { Crash, openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const KEY = "system/nightly";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIDNIGHT = Date.UTC(2026, 0, 1);
const SLOT = "nightly-20260101030000";
const WITH_ARCHIVE = { backup: { archive: { filesystem: {} } } };

const specOf = (more: Fields = {}): Fields => ({ registryRef: { name: "main" }, schedule: "0 3 * * *", ...more });

const open = async (spec: Fields = specOf()) => {
	const bench = await openOperator();
	bench.serve(WITH_ARCHIVE);
	bench.put("BackupSchedule", KEY, spec);
	await bench.until(() => bench.ready("BackupSchedule", KEY) !== "");
	return bench;
};

type Bench = Awaited<ReturnType<typeof open>>;

const statusOf = (bench: Bench) => Object(bench.get("BackupSchedule", KEY)?.status);
const ready = (bench: Bench) => bench.ready("BackupSchedule", KEY);
const namesOf = (bench: Bench) => bench.kube.all(backupKind).map(({ metadata: { name } }) => name);
const childOf = (bench: Bench, name: string) => bench.get("Backup", `system/${name}`);

/** Lets the time come, and the controllers do what they do then. */
const at = async (bench: Bench, ms: number) => {
	bench.clock.now = ms;
	let looks = 0;
	await bench.until(() => ++looks > 2);
};

/** The registry has made it, or failed to. */
const end = async (bench: Bench, name: string, error?: string) => {
	const key = `system/${name}`;
	await bench.until(async () => (await bench.policyAt("Backup", key)) !== undefined);
	const startedAt = bench.clock.now;
	const run = { id: name, startedAt, finishedAt: startedAt + 1_000, instance: "one", blobs: 1, bytes: 2, verified: 0 };
	const whole = { outcome: "Succeeded", message: "", backup: name, at: startedAt };
	const how = error === undefined ? whole : { outcome: "Failed", message: error };
	await bench.report("Backup", key, { runs: [{ ...run, ...how }] });
	await bench.until(() => Object(bench.get("Backup", key)?.status).stoppedAt !== undefined);
};

const healthOf = (bench: Bench) => {
	const object = bench.get("BackupSchedule", KEY) ?? assert.fail();
	return findCondition(conditionsOf(object), "Healthy");
};

test("each time of the schedule is one Backup, named after it; the status tells of the last and the next", async () => {
	await using bench = await open();
	assert.equal(ready(bench), "Succeeded: the next Backup is due at 2026-01-01T03:00:00Z");
	assert.equal(healthOf(bench)?.reason, "NotRunYet");
	await at(bench, MIDNIGHT + 3 * HOUR - 1);
	assert.deepEqual(namesOf(bench), []);
	await at(bench, MIDNIGHT + 3 * HOUR + 5);
	assert.deepEqual(namesOf(bench), [SLOT]);
	const { metadata, spec } = childOf(bench, SLOT) ?? assert.fail();
	assert.deepEqual(metadata.labels, { "limani.dev/backup-schedule": "nightly" });
	assert.equal(metadata.ownerReferences, undefined);
	assert.deepEqual(spec, { registryRef: { name: "main" } });
	assert.equal(statusOf(bench).lastScheduleTime, "2026-01-01T03:00:00Z");
	assert.equal(statusOf(bench).nextScheduleTime, "2026-01-02T03:00:00Z");
	assert.deepEqual(statusOf(bench).lastBackup, { name: SLOT, outcome: "Running" });
	await end(bench, SLOT);
	await bench.settle();
	assert.deepEqual(statusOf(bench).lastBackup, {
		name: SLOT,
		outcome: "Succeeded",
		recoveryPoint: "2026-01-01T03:00:00.005Z",
	});
	assert.equal(healthOf(bench)?.status, "True");
	await at(bench, MIDNIGHT + DAY + 3 * HOUR);
	await end(bench, "nightly-20260102030000", "the archive is full");
	await bench.until(() => healthOf(bench)?.status === "False");
	assert.equal(healthOf(bench)?.message, "nightly-20260102030000: the archive is full");
	assert.match(ready(bench), /^Succeeded/);
	await bench.until(() => (childOf(bench, "nightly-20260102030000")?.metadata.finalizers ?? []).length === 0);
	const writes = bench.kube.writes.length;
	await bench.restart();
	await at(bench, bench.clock.now + MINUTE);
	assert.equal(bench.kube.writes.length, writes, "a look and a restart write nothing");
});

test("one Backup at a time: a time that comes meanwhile waits for minutes, and is left out after that", async () => {
	await using bench = await open(specOf({ schedule: "0 * * * *" }));
	await at(bench, MIDNIGHT + HOUR);
	await at(bench, MIDNIGHT + 2 * HOUR);
	assert.deepEqual(namesOf(bench), ["nightly-20260101010000"]);
	assert.equal(
		ready(bench),
		"Succeeded: a Backup was due at 2026-01-01T02:00:00Z, and waits for nightly-20260101010000",
	);
	await at(bench, MIDNIGHT + 2 * HOUR + 9 * MINUTE);
	await end(bench, "nightly-20260101010000");
	await bench.until(() => namesOf(bench).includes("nightly-20260101020000"));
	await at(bench, MIDNIGHT + 3 * HOUR + 20 * MINUTE);
	await end(bench, "nightly-20260101020000");
	await at(bench, bench.clock.now);
	assert.equal(namesOf(bench).length, 2, "that of three o'clock is left out");
	assert.equal(statusOf(bench).nextScheduleTime, "2026-01-01T04:00:00Z");
});

test("a Backup that never ends is told of once a time was left out for it, and others are made once it is deleted", async () => {
	await using bench = await open();
	await at(bench, MIDNIGHT + 3 * HOUR);
	await end(bench, SLOT);
	await at(bench, MIDNIGHT + DAY + 3 * HOUR);
	const stuck = "nightly-20260102030000";
	// As one that a later release made, or somebody changed.
	const child = childOf(bench, stuck) ?? assert.fail();
	bench.kube.edit(backupKind, { ...child, spec: {} });
	await at(bench, MIDNIGHT + 2 * DAY + 3 * HOUR + 9 * MINUTE);
	assert.equal(healthOf(bench)?.status, "True");
	await at(bench, MIDNIGHT + 2 * DAY + 3 * HOUR + 11 * MINUTE);
	await bench.until(() => healthOf(bench)?.status === "False");
	assert.equal(healthOf(bench)?.reason, "BackupLate");
	assert.match(healthOf(bench)?.message ?? "", /^nightly-20260102030000 .* 2026-01-03T03:00:00Z .* delete it/);
	assert.deepEqual(namesOf(bench).toSorted(), [SLOT, stuck]);
	await bench.kube.patch(
		backupKind,
		{ namespace: "system", name: stuck },
		{ kind: "merge", body: { metadata: { finalizers: [] } } },
		{},
	);
	await bench.remove("Backup", `system/${stuck}`);
	await bench.until(() => healthOf(bench)?.status === "True");
	await at(bench, MIDNIGHT + 3 * DAY + 3 * HOUR);
	assert.deepEqual(namesOf(bench).toSorted(), [SLOT, "nightly-20260104030000"]);
});

test("what was missed while nobody looked is not made up for", async () => {
	await using bench = await open();
	await at(bench, MIDNIGHT + 10 * DAY);
	assert.deepEqual(namesOf(bench), []);
	assert.equal(statusOf(bench).nextScheduleTime, "2026-01-11T03:00:00Z");
	await at(bench, MIDNIGHT + 10 * DAY + 3 * HOUR + 9 * MINUTE);
	assert.deepEqual(namesOf(bench), ["nightly-20260111030000"]);
});

test("a suspended schedule makes none, and goes on with the next time once it is resumed", async () => {
	await using bench = await open(specOf({ suspend: true, immediate: true }));
	assert.match(ready(bench), /^Suspended: /);
	bench.put("BackupSchedule", KEY, specOf({ suspend: true }), { annotations: { "limani.dev/requestedAt": "now" } });
	await at(bench, MIDNIGHT + 3 * HOUR);
	assert.deepEqual(namesOf(bench), []);
	assert.equal(statusOf(bench).nextScheduleTime, undefined);
	assert.equal(statusOf(bench).lastHandledRequestedAt, undefined);
	bench.put("BackupSchedule", KEY, specOf(), { annotations: {} });
	await at(bench, MIDNIGHT + 3 * HOUR + MINUTE);
	assert.deepEqual(namesOf(bench), []);
	assert.equal(statusOf(bench).nextScheduleTime, "2026-01-02T03:00:00Z");
});

test("a schedule may begin with a Backup, once", async () => {
	await using bench = await open(specOf({ immediate: true }));
	await bench.until(() => namesOf(bench).length > 0);
	assert.deepEqual(namesOf(bench), ["nightly-20260101000000"]);
	await end(bench, "nightly-20260101000000");
	await bench.remove("Backup", "system/nightly-20260101000000");
	await at(bench, MIDNIGHT + MINUTE);
	assert.deepEqual(namesOf(bench), []);
});

test("the annotation asks for one now, and the status repeats it when that has ended", async () => {
	await using bench = await open();
	const ask = (value: string) =>
		bench.put("BackupSchedule", KEY, specOf(), { annotations: { "limani.dev/requestedAt": value } });
	ask("one");
	await bench.until(() => namesOf(bench).length === 1);
	const [name = ""] = namesOf(bench);
	assert.match(name, /^nightly-now-/);
	assert.equal(statusOf(bench).lastHandledRequestedAt, undefined);
	await end(bench, name);
	await bench.until(() => statusOf(bench).lastHandledRequestedAt === "one");
	await at(bench, MIDNIGHT + MINUTE);
	assert.deepEqual(namesOf(bench), [name]);
	assert.equal(statusOf(bench).lastScheduleTime, undefined);
	ask("two");
	await bench.until(() => namesOf(bench).length === 2);
});

test("a Backup of that name that somebody else made is left alone, and the time left out", async () => {
	await using bench = await open();
	bench.put("Backup", `system/${SLOT}`, { registryRef: { name: "main" } });
	await at(bench, MIDNIGHT + 3 * HOUR);
	assert.equal(childOf(bench, SLOT)?.metadata.labels, undefined);
	assert.ok(bench.events.some((event) => event.startsWith(`NotOurs: there is a Backup ${SLOT}`)));
	assert.equal(statusOf(bench).lastScheduleTime, "2026-01-01T03:00:00Z");
	assert.equal(statusOf(bench).lastBackup, undefined);
	await at(bench, MIDNIGHT + 3 * HOUR + MINUTE);
	assert.equal(bench.events.filter((event) => event.startsWith("NotOurs")).length, 1);
});

test("without its Registry, or a place for backups, none is made", async () => {
	await using bench = await openOperator();
	bench.put("BackupSchedule", KEY, specOf({ immediate: true }));
	await bench.until(() => ready(bench) === "DependencyNotReady: Registry system/main does not exist, or is not valid");
	bench.serve({});
	await bench.until(() => ready(bench) === "DependencyNotReady: Registry system/main has no spec.backup");
	assert.deepEqual(namesOf(bench), []);
	bench.serve(WITH_ARCHIVE);
	await bench.until(() => namesOf(bench).length === 1);
});

for (const [owner, kind] of [
	["Self", "BackupSchedule"],
	["Registry", "Registry"],
] as const) {
	test(`with backupOwnerReference ${owner} its Backups go with the ${kind}`, async () => {
		await using bench = await open(specOf({ immediate: true, backupOwnerReference: owner }));
		await bench.until(() => namesOf(bench).length === 1);
		const key = kind === "Registry" ? "system/main" : KEY;
		assert.deepEqual(bench.kube.all(backupKind)[0]?.metadata.ownerReferences, [
			{
				apiVersion: "limani.dev/v1alpha1",
				kind,
				name: key.split("/")[1],
				uid: bench.get(kind, key)?.metadata.uid,
				controller: true,
				blockOwnerDeletion: false,
			},
		]);
	});
}

test("Backups go when what they restore has left the archive, and never one that is being made", async () => {
	await using bench = await open(specOf({ schedule: "0 * * * *" }));
	for (const hour of [1, 2, 3]) {
		await at(bench, MIDNIGHT + hour * HOUR);
		await end(bench, `nightly-202601010${hour}0000`);
	}
	bench.put("Backup", "system/by-hand", { registryRef: { name: "main" } });
	await end(bench, "by-hand");
	await at(bench, MIDNIGHT + 4 * HOUR);
	const registry = bench.get("Registry", "system/main") ?? assert.fail();
	const firstRecoverabilityPoint = "2026-01-01T02:00:00Z";
	bench.kube.edit(registryKind, { ...registry, status: { ...Object(registry.status), firstRecoverabilityPoint } });
	await bench.until(() => namesOf(bench).length < 5);
	await at(bench, bench.clock.now);
	assert.deepEqual(namesOf(bench).toSorted(), [
		"by-hand",
		"nightly-20260101020000",
		"nightly-20260101030000",
		"nightly-20260101040000",
	]);
});

test("Backups that somebody forbids to delete keep no other from being made", async () => {
	await using bench = await open(specOf({ schedule: "0 * * * *" }));
	await at(bench, MIDNIGHT + HOUR);
	await end(bench, "nightly-20260101010000");
	const registry = bench.get("Registry", "system/main") ?? assert.fail();
	const firstRecoverabilityPoint = "2026-01-01T01:30:00Z";
	bench.kube.delete = async () => {
		throw new KubeError("FORBIDDEN", "a policy keeps Backups");
	};
	bench.kube.edit(registryKind, { ...registry, status: { ...Object(registry.status), firstRecoverabilityPoint } });
	bench.clock.now = MIDNIGHT + 2 * HOUR;
	const isForbidden = (error: unknown) => error instanceof KubeError && error.code === "FORBIDDEN";
	await bench.until(() => namesOf(bench).length > 1, isForbidden);
	assert.deepEqual(namesOf(bench).toSorted(), ["nightly-20260101010000", "nightly-20260101020000"]);
	await bench.until(() => ready(bench) === "Failed: a policy keeps Backups", isForbidden);
});

test("a cache that is behind makes no second Backup while one is being made", async () => {
	await using bench = await open(specOf({ schedule: "* * * * *" }));
	const { put } = bench.stores.backups;
	bench.stores.backups.put = () => undefined;
	await at(bench, MIDNIGHT + MINUTE);
	await at(bench, MIDNIGHT + 2 * MINUTE);
	await at(bench, MIDNIGHT + 3 * MINUTE);
	assert.deepEqual(namesOf(bench), ["nightly-20260101000100"]);
	bench.stores.backups.put = put;
});

test("killed after any one of its effects, a schedule makes one Backup for each time", async () => {
	const live = async (crashAt: number) => {
		await using bench = await open();
		let effects = 0;
		let crashed = false;
		bench.kube.afterWrite = () => {
			if (effects++ !== crashAt) return;
			crashed = true;
			throw new Crash("killed");
		};
		const isCrash = (error: unknown) => error instanceof Crash;
		for (const day of [0, 1]) {
			bench.clock.now = MIDNIGHT + day * DAY + 3 * HOUR;
			const name = `nightly-2026010${day + 1}030000`;
			await bench.until(async () => {
				if (crashed) {
					crashed = false;
					await bench.restart();
				}
				return (
					statusOf(bench).lastBackup?.name === name && (await bench.policyAt("Backup", `system/${name}`)) !== undefined
				);
			}, isCrash);
			const counting = bench.kube.afterWrite;
			bench.kube.afterWrite = () => undefined;
			await end(bench, name);
			await bench.settle();
			bench.kube.afterWrite = counting;
		}
		assert.deepEqual(namesOf(bench).toSorted(), [SLOT, "nightly-20260102030000"], `killed after effect ${crashAt}`);
		return effects;
	};
	const effects = await live(-1);
	assert.ok(effects >= 6, `${effects} effects`);
	for (let crashAt = 0; crashAt < effects; crashAt++) await live(crashAt);
});

test("two that look at the same moment make one Backup", async () => {
	await using bench = await open();
	bench.clock.now = MIDNIGHT + 3 * HOUR;
	const deps = { ...bench.deps(backupScheduleKind), ...bench.stores };
	const looks = [deps, deps].map((one) => createBackupScheduleReconcile(one)(KEY, AbortSignal.timeout(5_000)));
	await Promise.all(looks);
	assert.deepEqual(namesOf(bench), [SLOT]);
	assert.deepEqual(
		bench.kube.writes.filter(({ verb }) => verb === "create").map(({ key }) => key),
		[`system/${SLOT}`],
	);
});
