import assert from "node:assert/strict";
import { test } from "node:test";
import { backupReport } from "#/api/backup-report.ts";
import type { Control, DesiredResource } from "#/control/control.ts";
import { DataPlane } from "#/dataplane/data-plane.ts";
import { Archive } from "#/features/backup/archive.ts";
import { BackupFeature, type BackupPolicy } from "#/features/backup/backup-feature.ts";
import type { Backups } from "#/features/backup/index.ts";
import { listBackups } from "#/features/backup/list-backups.ts";
import { PolicyRunner } from "#/jobs/policy-runner.ts";
import { systemClock } from "#/lib/clock.ts";
import { idSource } from "#/registry/new-id.ts";
import { Operator, observedOf } from "../../conformance/control/bench.ts";
import { backupsOf, holdings, memoryArchive, openQuickHarness, restored } from "../../support/backup-bench.ts";
import { eventually } from "../../support/eventually.ts";
import { hookedStore } from "../../support/hooked.ts";
import { forever, pushImage, type RegistryHarness } from "../../support/registry.ts";

const backup = (uid: string): DesiredResource => ({
	kind: "Backup",
	uid,
	generation: 1,
	spec: { name: `team/${uid}` },
});

/** A process that makes the backups of a registry. */
const processOf = ({ metadata }: RegistryHarness, holder: string, backups: Backups | undefined, leaveMs = 0) => {
	const { policies, outbox } = metadata;
	const meter = { began: () => undefined, ended: () => undefined };
	const report = () => undefined;
	const deps = { policies, outbox, holder, newId: idSource(), clock: systemClock, report, meter };
	return new PolicyRunner(new BackupFeature({ backups, holder, leaveMs }), deps, { concurrency: 1, intervalMs: 50 });
};

const controlOf = ({ metadata, stores }: RegistryHarness): Control => {
	const { controlState, usages, collection, history } = metadata;
	return new DataPlane({ controlState, usages, collection, history, stores: new Set(stores.keys()), features: {} });
};

const runsOf = async (control: Control, uid: string) => {
	const { report } = await observedOf(control, uid);
	return report === undefined ? [] : backupReport.parse(report).runs;
};

const ended = (control: Control, uid: string) =>
	eventually(async () => {
		const [run] = await runsOf(control, uid);
		assert.ok(run !== undefined && run.outcome !== "Running", `${uid} has not ended`);
		return run;
	});

/** Lets processes work while something is done. */
const during = async <T>(
	processes: readonly Pick<PolicyRunner<BackupPolicy>, "run">[],
	work: () => Promise<T>,
): Promise<T> => {
	const stop = new AbortController();
	const running = processes.map((one) => one.run(stop.signal));
	try {
		return await work();
	} finally {
		stop.abort();
		await Promise.all(running);
	}
};

test("a backup that is handed over is made once, and told as it lies in the archive", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const control = controlOf(harness);
	const operator = await Operator.begin(control);
	await operator.apply([backup("b1")]);
	const process = processOf(harness, "pod-1", backupsOf(harness, place.archive));
	const run = await during([process], async () => {
		const done = await ended(control, "b1");
		await operator.apply([backup("b2")]);
		await ended(control, "b2");
		return done;
	});
	const [first, second, ...more] = await listBackups(place.archive, forever);
	assert.ok(first !== undefined && second !== undefined);
	assert.equal(more.length, 0, "one was made twice");
	const { message, startedAt, finishedAt = 0, id: _, ...rest } = run;
	assert.match(message, /^as of \S+Z: 2 blobs copied, 2 read back$/);
	const expected = { outcome: "Succeeded", instance: "pod-1", backup: first.id, at: first.at };
	assert.deepEqual(rest, { ...expected, blobs: 2, bytes: 11, verified: 2 });
	assert.ok(startedAt <= first.startedAt && first.finishedAt <= finishedAt);
	assert.deepEqual((await runsOf(control, "b2"))[0]?.blobs, 0, "the archive had them");
	await using again = await restored(place.archive, { backup: first.id });
	assert.deepEqual(await holdings(again), await holdings(harness));
	await harness.drain();
});

test("a backup of a registry without an archive fails with that, and one into another's archive too", async () => {
	await using harness = await openQuickHarness();
	await using stranger = await openQuickHarness();
	const place = memoryArchive();
	await backupsOf(stranger, place.archive).backUp(forever);
	for (const [backups, why] of [
		[undefined, "the Registry has no spec.backup: there is nowhere to put it"],
		[backupsOf(harness, place.archive), "the archive is another registry's: give each registry a place of its own"],
	] as const) {
		const control = controlOf(harness);
		const uid = backups === undefined ? "b1" : "b2";
		await (await Operator.begin(control)).apply([backup(uid)]);
		const run = await during([processOf(harness, "pod-1", backups)], () => ended(control, uid));
		assert.deepEqual([run.outcome, run.message, "backup" in run], ["Failed", why, false]);
	}
	assert.equal((await listBackups(place.archive, forever)).length, 1);
});

test("a backup that is whole is told so before what nobody needs is cleared away, whatever comes of that", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	await backupsOf(harness, place.archive).backUp(forever);
	const control = controlOf(harness);
	await (await Operator.begin(control)).apply([backup("b1")]);
	const clearing = Promise.withResolvers<void>();
	const endless = hookedStore(place.store, async (method, args) => {
		if (method !== "delete" || !String(args[0]).startsWith("backups/")) return undefined;
		clearing.resolve();
		const signal = args.find((arg) => arg instanceof AbortSignal) ?? assert.fail("no signal");
		await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
		return undefined;
	});
	const backups = backupsOf(harness, new Archive({ store: endless }), { windowMs: 0 });
	await during([processOf(harness, "pod-1", backups)], () => clearing.promise);
	const run = await ended(control, "b1");
	const made = (await listBackups(place.archive, forever)).at(-1);
	assert.deepEqual([run.outcome, run.backup, run.at], ["Interrupted", made?.id, made?.at]);
});

test("a process that has no archive yet leaves a backup to those that have", async () => {
	await using harness = await openQuickHarness();
	const place = memoryArchive();
	const control = controlOf(harness);
	await (await Operator.begin(control)).apply([backup("b1")]);
	const old = processOf(harness, "old", undefined, 600_000);
	const run = await during([old], async () => {
		await eventually(async () => assert.ok((await observedOf(control, "b1")).report, "it was looked at"));
		return await during([processOf(harness, "new", backupsOf(harness, place.archive))], () => ended(control, "b1"));
	});
	assert.deepEqual([run.outcome, run.instance], ["Succeeded", "new"]);
});

test("backups that are asked for at once, of any processes, are made one after the other", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const control = controlOf(harness);
	const uids = ["b1", "b2", "b3", "b4"];
	await (await Operator.begin(control)).apply(uids.map(backup));
	const processes = ["pod-1", "pod-2"].map((holder) =>
		processOf(harness, holder, backupsOf(harness, place.archive, { holder, leaseMs: 2_000 })),
	);
	await during(processes, async () => {
		for (const uid of uids) assert.equal((await ended(control, uid)).outcome, "Succeeded");
	});
	const made = await listBackups(place.archive, forever);
	assert.equal(made.length, uids.length);
	for (const [i, { finishedAt }] of made.slice(0, -1).entries()) {
		assert.ok(finishedAt <= (made[i + 1]?.at ?? 0), "two were made at once");
	}
	await harness.drain();
});

test("a backup that is wanted no more, or whose process ends, leaves none; the next one is whole", async () => {
	await using harness = await openQuickHarness();
	await pushImage(harness.instance(), "p/r", "v", "config", "layer");
	const place = memoryArchive();
	const control = controlOf(harness);
	const operator = await Operator.begin(control);
	const begun = Promise.withResolvers<void>();
	const endless = hookedStore(place.store, async (method, args) => {
		if (method !== "write" || !String(args[0]).includes("/blobs/")) return undefined;
		begun.resolve();
		const signal = args.find((arg) => arg instanceof AbortSignal) ?? assert.fail("no signal");
		await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
		return undefined;
	});
	const stuck = () => processOf(harness, "pod-1", backupsOf(harness, new Archive({ store: endless })));
	await operator.apply([backup("b1")]);
	await during([stuck()], async () => {
		await begun.promise;
		const [run] = await runsOf(control, "b1");
		assert.deepEqual([run?.outcome, run?.instance], ["Running", "pod-1"]);
		await operator.apply([], ["b1"]);
		await eventually(async () =>
			assert.notEqual(await harness.metadata.outbox.lease("pin:backup", "probe", 0), undefined),
		);
	});
	await operator.apply([backup("b2")]);
	const running = stuck();
	await during([running], () =>
		eventually(async () => assert.equal((await runsOf(control, "b2"))[0]?.outcome, "Running")),
	);
	const run = await ended(control, "b2");
	assert.deepEqual([run.outcome, "backup" in run], ["Interrupted", false]);
	assert.deepEqual(await listBackups(place.archive, forever), []);
	await operator.apply([backup("b3")]);
	await during([processOf(harness, "pod-2", backupsOf(harness, place.archive))], async () => {
		assert.equal((await ended(control, "b3")).outcome, "Succeeded");
	});
	assert.equal((await ended(control, "b2")).outcome, "Interrupted", "it is not tried again");
	assert.equal((await listBackups(place.archive, forever)).length, 1);
	await harness.drain();
});
