import assert from "node:assert/strict";
import { test } from "node:test";
import { backupKind } from "#/api/kinds/backup.ts";
import { archiveDigest } from "#/operator/registry/archive-digest.ts";
import { Crash, openOperator } from "../operator-bench.ts";

type Fields = { readonly [field: string]: unknown };

const KEY = "system/one";
const NOON = Date.UTC(2026, 0, 1, 12);
const WITH_ARCHIVE = { backup: { archive: { filesystem: {} } } };

const runOf = (more: Fields = {}): Fields => ({
	id: "run-1",
	startedAt: NOON,
	outcome: "Running",
	message: "",
	instance: "registry-0_a",
	blobs: 0,
	bytes: 0,
	verified: 0,
	...more,
});

const done = runOf({
	finishedAt: NOON + 90_000,
	outcome: "Succeeded",
	message: "copied 12 blobs",
	backup: "20260101T120000Z-a",
	at: NOON + 5_503,
	blobs: 12,
	bytes: 2_048,
	verified: 3,
});

const failed = runOf({ finishedAt: NOON + 1_000, outcome: "Failed", message: "the archive is another registry's" });

const open = async (spec: Fields = WITH_ARCHIVE) => {
	const bench = await openOperator();
	bench.serve(spec);
	bench.put("Backup", KEY, { registryRef: { name: "main" } });
	return bench;
};

type Bench = Awaited<ReturnType<typeof open>>;

const statusOf = (bench: Bench) => Object(bench.get("Backup", KEY)?.status);
const ready = (bench: Bench) => bench.ready("Backup", KEY);
const held = (bench: Bench) => bench.policyAt("Backup", KEY);
const begun = (bench: Bench) => bench.until(async () => (await held(bench)) !== undefined);
const isForgotten = async (bench: Bench) =>
	(await held(bench)) === undefined && (bench.get("Backup", KEY)?.metadata.finalizers ?? []).length === 0;

test("a Backup is asked for, and what came of it stands in its status; then the registry forgets it", async () => {
	await using bench = await open();
	await begun(bench);
	assert.deepEqual((await held(bench))?.spec, { name: KEY });
	assert.match(ready(bench), /^Progressing: waiting until the registry begins it$/);
	assert.deepEqual(bench.get("Backup", KEY)?.metadata.finalizers, ["limani.dev/cleanup"]);
	await bench.report("Backup", KEY, { runs: [runOf()] });
	await bench.until(() => statusOf(bench).startedAt !== undefined);
	assert.equal(ready(bench), "Progressing: registry-0_a makes it");
	await bench.report("Backup", KEY, { runs: [done] });
	await bench.until(() => isForgotten(bench));
	const { conditions: _, observedGeneration, ...rest } = statusOf(bench);
	assert.deepEqual(rest, {
		startedAt: "2026-01-01T12:00:00Z",
		stoppedAt: "2026-01-01T12:01:30Z",
		instance: "registry-0_a",
		copied: { blobs: 12, bytes: 2_048 },
		verified: 3,
		backupId: "20260101T120000Z-a",
		recoveryPoint: "2026-01-01T12:00:05.503Z",
		archiveDigest: archiveDigest({ filesystem: { size: "10Gi" } }),
	});
	assert.equal(observedGeneration, 1);
	assert.equal(ready(bench), "Succeeded: restores 2026-01-01T12:00:05.503Z; 12 blobs were copied, 2048 bytes");
	assert.deepEqual(bench.events, ["Succeeded: restores 2026-01-01T12:00:05.503Z; 12 blobs were copied, 2048 bytes"]);
	const writes = bench.kube.writes.length;
	await bench.restart();
	await bench.settle();
	assert.equal(bench.kube.writes.length, writes, "a look and a restart write nothing");
	assert.equal(await held(bench), undefined, "and nothing is begun again");
});

test("a Backup that is whole has succeeded, though its process died before it told so", async () => {
	await using bench = await open();
	await begun(bench);
	await bench.report("Backup", KEY, {
		runs: [{ ...done, outcome: "Interrupted", message: "the process that ran it died" }],
	});
	await bench.until(() => isForgotten(bench));
	assert.match(ready(bench), /^Succeeded: restores 2026-01-01T12:00:05\.503Z/);
	assert.equal(statusOf(bench).error, undefined);
});

test("a Backup is where the Registry said when it began, though it says another place by the time it ends", async () => {
	await using bench = await open();
	await begun(bench);
	await bench.report("Backup", KEY, { runs: [runOf()] });
	const [files, bucket] = [{ filesystem: { size: "10Gi" } }, { s3: { bucket: "new", region: "here" } }] as const;
	await bench.until(() => statusOf(bench).archiveDigest === archiveDigest(files));
	bench.serve({ backup: { archive: bucket } });
	await bench.report("Backup", KEY, { runs: [done] });
	await bench.until(() => isForgotten(bench));
	assert.match(ready(bench), /^Succeeded/);
	assert.equal(statusOf(bench).archiveDigest, archiveDigest(files));
});

for (const [what, run, why] of [
	["failed", failed, "the archive is another registry's"],
	[
		"was made by a process that died",
		runOf({ finishedAt: NOON, outcome: "Interrupted", message: "the process that ran it died" }),
		"the process that ran it died",
	],
] as const) {
	test(`a Backup that ${what} has failed, says why, and is never begun again`, async () => {
		await using bench = await open();
		await begun(bench);
		await bench.report("Backup", KEY, { runs: [run] });
		await bench.until(() => isForgotten(bench));
		assert.equal(ready(bench), `Failed: ${why}`);
		assert.equal(statusOf(bench).error, why);
		assert.equal(statusOf(bench).recoveryPoint, undefined);
		assert.ok(bench.told.some(({ type, reason }) => type === "Warning" && reason === "Failed"));
		await bench.restart();
		await bench.until(() => true);
		assert.equal(await held(bench), undefined);
	});
}

test("a Backup waits for its Registry, and for a place to put it", async () => {
	await using bench = await openOperator();
	bench.put("Backup", KEY, { registryRef: { name: "main" } });
	await bench.until(() => ready(bench).startsWith("DependencyNotReady: Registry system/main does not exist"));
	bench.serve({});
	await bench.until(
		() => ready(bench) === "DependencyNotReady: Registry system/main has no spec.backup: there is nowhere to put it",
	);
	assert.equal(await held(bench), undefined);
	assert.deepEqual(bench.get("Backup", KEY)?.metadata.finalizers ?? [], []);
	bench.serve(WITH_ARCHIVE);
	await begun(bench);
});

test("killed after any one of its effects, the operator has a Backup made once", async () => {
	const live = async (crashAt: number) => {
		await using bench = await open();
		let effects = 0;
		let crashed = false;
		const uids = new Set<string>();
		const { apply } = bench.plane.control;
		let begins = 0;
		bench.plane.control.apply = (change, signal) => {
			for (const { kind, uid } of change.upserts) {
				if (kind !== "Backup") continue;
				uids.add(uid);
				begins++;
			}
			return apply.call(bench.plane.control, change, signal);
		};
		const count = () => {
			if (effects++ !== crashAt) return;
			crashed = true;
			throw new Crash("killed");
		};
		const stage = async (isSo: () => boolean | Promise<boolean>) => {
			bench.kube.afterWrite = count;
			bench.hooks.afterApply = count;
			await bench.until(
				async () => {
					if (crashed) {
						crashed = false;
						await bench.restart();
					}
					return await isSo();
				},
				(error) => error instanceof Crash,
			);
			bench.kube.afterWrite = () => undefined;
			bench.hooks.afterApply = () => undefined;
		};
		await stage(async () => (await held(bench)) !== undefined);
		const first = await held(bench);
		await bench.report("Backup", KEY, { runs: [done] });
		await stage(() => isForgotten(bench));
		assert.equal(first?.uid, bench.get("Backup", KEY)?.metadata.uid);
		assert.match(ready(bench), /^Succeeded/);
		return { effects, begins };
	};
	const { effects } = await live(-1);
	assert.ok(effects >= 4, `${effects} effects`);
	for (let crashAt = 0; crashAt < effects; crashAt++) {
		const { begins } = await live(crashAt);
		assert.ok(begins <= 2, `killed after effect ${crashAt}: it was sent ${begins} times`);
	}
});

test("what a cache does not know yet is not begun again", async () => {
	await using bench = await open();
	await begun(bench);
	await bench.report("Backup", KEY, { runs: [done] });
	const before = structuredClone(bench.get("Backup", KEY)) ?? assert.fail();
	await bench.until(() => isForgotten(bench));
	// Another process takes over, whose cache is as old as that.
	await bench.restart();
	bench.stores.backups.put({ ...before, metadata: { ...before.metadata, resourceVersion: "1" } });
	const { deliver } = bench.kube;
	bench.kube.deliver = () => undefined;
	const { observe } = bench.plane.control;
	let looks = 0;
	bench.plane.control.observe = (...call) => {
		looks++;
		return observe.apply(bench.plane.control, call);
	};
	// What is wanted goes out with the next exchange.
	await bench.until(() => looks > 5);
	bench.kube.deliver = deliver;
	assert.equal(await held(bench), undefined);
	assert.match(ready(bench), /^Succeeded/);
});

test("a Backup that was begun and that its registry knows nothing of any more has failed", async () => {
	await using bench = await open();
	await begun(bench);
	await bench.report("Backup", KEY, { runs: [runOf()] });
	await bench.until(() => statusOf(bench).startedAt !== undefined);
	const { uid = "" } = bench.get("Backup", KEY)?.metadata ?? {};
	// As a Registry of the same name, made anew, is.
	const { epoch, base } = await bench.plane.control.begin({ holder: "another" }, AbortSignal.timeout(5_000));
	const nothing = { upserts: [], deletes: [uid], releases: [] };
	await bench.plane.control.apply({ epoch, base, ...nothing }, AbortSignal.timeout(5_000));
	await bench.restart();
	await bench.until(() => isForgotten(bench));
	assert.equal(ready(bench), "Failed: the registry that began it does not know of it any more");
});

test("a Backup that is deleted while it is made ends there, and one that is over needs no registry to go", async () => {
	await using bench = await open();
	await begun(bench);
	await bench.report("Backup", KEY, { runs: [runOf()] });
	const { uid = "" } = bench.get("Backup", KEY)?.metadata ?? {};
	await bench.remove("Backup", KEY);
	await bench.until(() => bench.get("Backup", KEY) === undefined);
	assert.equal(await bench.plane.metadata.policies.find(uid), undefined);
	bench.put("Backup", KEY, { registryRef: { name: "main" } });
	await begun(bench);
	await bench.report("Backup", KEY, { runs: [failed] });
	await bench.until(() => statusOf(bench).stoppedAt !== undefined);
	await bench.planes[Symbol.asyncDispose]();
	await bench.remove("Registry", "system/main");
	await bench.remove("Backup", KEY);
	await bench.until(() => bench.get("Backup", KEY) === undefined);
});

test("what is left of a Backup at the registry goes with the next look at all of them", async () => {
	await using bench = await open();
	bench.put("Backup", "system/two", { registryRef: { name: "main" } });
	await bench.until(async () => (await bench.policyAt("Backup", "system/two")) !== undefined);
	const { uid = "" } = bench.get("Backup", "system/two")?.metadata ?? {};
	await bench.kube.patch(
		backupKind,
		{ namespace: "system", name: "two" },
		{ kind: "merge", body: { metadata: { finalizers: [] } } },
		{},
	);
	await bench.remove("Backup", "system/two");
	await bench.restart();
	await bench.until(async () => (await bench.plane.metadata.policies.find(uid)) === undefined);
});
