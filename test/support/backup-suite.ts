// A registry that is backed up under load, lost, and made again: the same on every engine.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type BackupReport, backupReport } from "#/api/backup-report.ts";
import type { Control } from "#/control/control.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { Operator, observedOf } from "../conformance/control/bench.ts";
import { PushLoad } from "./backup-load.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-ports.ts";
import { COMPILE_CACHE, type CommandOutcome, limaniCommand } from "./limani-command.ts";
import { type LimaniProcess, startLimani, writeConfig } from "./limani-process.ts";
import { type Photograph, photograph } from "./photograph.ts";

type Config = Readonly<Record<string, unknown>>;

/** How often the journal goes into the archive, and how far that may lag behind on a machine that is busy, milliseconds. */
const JOURNAL_MS = 1_000;
const RPO_MS = JOURNAL_MS + 20_000;

/** Where a registry is, and where its backups go. */
export interface BackupSite {
	/** Holds the data of registries, each in a directory of its own. */
	readonly root: string;
	/** Settings of the archive, `keyFile` beside it where it is sealed. */
	readonly archive: Config;
	/** Database and stores of the registry of that name, empty at first. */
	parts(name: string): Promise<Config>;
	/** Changes one bit of a blob of the registry of that name. @returns its key in the store */
	breakBlob(name: string): Promise<string>;
}

/** A registry that is asked for backups over its control port. */
export interface BackedUpRegistry extends AsyncDisposable {
	readonly limani: LimaniProcess;
	readonly control: Control;
	/** Asks it for a backup and waits for that. */
	backUp(): Promise<CommandOutcome>;
}

const settingsOf = async (site: BackupSite, name: string, config: Config): Promise<Config> => ({
	...(await site.parts(name)),
	// What a dead process had is taken over soon.
	housekeeping: { journalLease: "1s", jobLease: "10s" },
	...config,
});

/** Starts the registry of a site that is backed up. */
export const startBackedUp = async (site: BackupSite, name = "first"): Promise<BackedUpRegistry> => {
	const dataDir = join(site.root, name);
	mkdirSync(dataDir, { recursive: true });
	// The configuration's own resources and a control port exclude one another: those come first, and stay.
	await using first = await startLimani({
		dataDir,
		config: await settingsOf(site, name, {}),
		environment: COMPILE_CACHE,
	});
	await first.stop();
	return await restartBackedUp(site, name);
};

/** Starts it once more. */
const restartBackedUp = async (site: BackupSite, name = "first"): Promise<BackedUpRegistry> => {
	const dataDir = join(site.root, name);
	const tokenFile = join(dataDir, "control-token");
	const token = "control-token-of-this-test";
	writeFileSync(tokenFile, token);
	const listen = `127.0.0.1:${await freePort()}`;
	const url = `http://${listen}`;
	const backup = { ...site.archive, journalInterval: `${JOURNAL_MS}ms`, verifyPercent: 100 };
	const config = await settingsOf(site, name, { backup, control: { listen, tokenFile }, resources: undefined });
	const limani = await startLimani({ dataDir, config, environment: COMPILE_CACHE });
	const control = new RemoteControl({ url, token });
	return {
		limani,
		control,
		backUp: () => limaniCommand(dataDir, "backup", "--control", url, "--token-file", tokenFile),
		[Symbol.asyncDispose]: async () => {
			control[Symbol.dispose]();
			await limani[Symbol.asyncDispose]();
		},
	};
};

/** The settings of a registry that is to be made from the archive. */
export const writeTarget = async (site: BackupSite, name: string): Promise<string> => {
	const dataDir = join(site.root, name);
	mkdirSync(dataDir, { recursive: true });
	copyFileSync(join(site.root, "first", "master.key"), join(dataDir, "master.key"));
	writeConfig({ dataDir, config: await settingsOf(site, name, { recovery: site.archive }) });
	return dataDir;
};

/** Starts the registry that was made, and looks at all of it. */
const look = async (site: BackupSite, name: string, target: Config = {}): Promise<Photograph> => {
	const config = await settingsOf(site, name, { recovery: { ...site.archive, ...target } });
	await using limani = await startLimani({ dataDir: join(site.root, name), config, environment: COMPILE_CACHE });
	return await photograph(limani.url);
};

/** Up to when the archive has every change, as the registry tells, milliseconds since the epoch. */
const shippedUntil = async (url: string): Promise<number> => {
	const text = await (await fetch(`${url}/metrics`)).text();
	assert.match(text, /^limani_backup_enabled 1$/m);
	return Number(/^limani_backup_journal_timestamp_seconds (\S+)$/m.exec(text)?.[1] ?? 0) * 1000;
};

/** Waits until the archive has everything that was committed by now. */
const shipped = async (url: string): Promise<void> => {
	const from = Date.now();
	const deadline = performance.now() + 120_000;
	for (;;) {
		const until = await shippedUntil(url);
		if (until >= from) return;
		assert.ok(performance.now() < deadline, `the journal in the archive goes to ${until}, wanted ${from}`);
		await sleep(100);
	}
};

/**
 * Backs a registry up twice while clients push, kills it under the load, and makes it again in other places: as of the
 * last change that the archive has, and as of an instant before.
 */
export const loseAndRestore = async (t: TestContext, site: BackupSite): Promise<void> => {
	const registry = await startBackedUp(site);
	await using _ = registry;
	const { url } = registry.limani;
	const load = new PushLoad(url);
	load.start();
	await load.more(6);
	const [backup] = await Promise.all([registry.backUp(), load.more(6)]);
	assert.equal(backup.code, 0, backup.output);
	await load.stop();
	const then = await photograph(url);
	await sleep(50);
	const instant = Date.now();
	await sleep(50);
	load.start();
	await load.more(6);
	const second = await registry.backUp();
	assert.equal(second.code, 0, second.output);
	await shipped(url);
	await load.more(10);
	// While clients go on: what is lost with the registry now is what came since.
	const until = await eventually(async () => {
		const told = await shippedUntil(url);
		assert.ok(Date.now() - told <= RPO_MS, `the archive is ${Date.now() - told} ms behind`);
		return told;
	}, 120_000);
	await registry.limani.stop("SIGKILL");
	const killedAt = Date.now();
	await load.stop();

	const target = await writeTarget(site, "latest");
	const from = performance.now();
	const restored = await limaniCommand(target, "restore", "--archive");
	assert.equal(restored.code, 0, restored.output);
	const now = await look(site, "latest");
	const rto = performance.now() - from;
	const rpo = judge(load, now, killedAt);
	// So what was acknowledged longer ago than RPO_MS is there, however long the end itself took.
	const promised = load.acknowledged.filter(({ at, tag }) => tag !== "latest" && at <= until);
	for (const { repository, tag, digest } of promised) {
		assert.equal(now[repository]?.[tag], digest, `${repository}:${tag} is lost, which the archive had`);
	}
	t.diagnostic(
		`RPO ${(rpo / 1000).toFixed(1)} s, RTO ${(rto / 1000).toFixed(1)} s; ${load.acknowledged.length} pushes`,
	);
	t.diagnostic(restored.output.trim());
	await assertWhole(target);
	const again = await limaniCommand(target, "restore", "--archive", "--to", new Date(instant).toISOString());
	assert.equal(again.code, 1);
	assert.match(again.output, /needs an empty database/);

	// By itself, at its first start; at the next one there is nothing to be done any more.
	await writeTarget(site, "past");
	const to = new Date(instant).toISOString();
	for (const start of ["first", "second"]) assert.deepEqual(await look(site, "past", { to }), then, `${start} start`);
	await assertWhole(join(site.root, "past"));
	await assertBreaks(site, "past");
};

/** All that a registry holds is there and right, to the last byte. */
/** Fails unless every byte of a registry is what its metadata says, and none is unknown. @param dataDir with its configuration */
export const assertWhole = async (dataDir: string): Promise<void> => {
	const { code, output } = await limaniCommand(dataDir, "verify", "--full");
	assert.equal(code, 0, output);
	const line = /^store default: \d+ objects, \d+ bytes, (\d+) read, (\d+) references, 0 findings$/m;
	const [, read, references] = line.exec(output) ?? assert.fail(output);
	assert.ok(Number(read) > 0 && Number(references) > 0, output);
};

/** One changed bit is found, and said of the blob that has it. */
const assertBreaks = async (site: BackupSite, name: string): Promise<void> => {
	const key = await site.breakBlob(name);
	const { code, output } = await limaniCommand(join(site.root, name), "verify", "--full");
	assert.equal(code, 1, output);
	const [finding = "", summary, ...more] = output.trimEnd().split("\n");
	assert.ok(finding.startsWith(`digest: default/${key}, expected sha256:`), output);
	assert.match(summary ?? "", /^store default: .*, 1 findings$/);
	assert.deepEqual(more, []);
};

/** Everything is there that was acknowledged by a certain time, and nothing that nobody pushed. @returns what was lost, in milliseconds */
const judge = (load: PushLoad, now: Photograph, killedAt: number): number => {
	for (const [repository, tags] of Object.entries(now)) {
		for (const [tag, digest] of Object.entries(tags)) {
			assert.ok(digest !== null && load.asked.get(`${repository}:${tag}`)?.has(digest), `${repository}:${tag}`);
		}
	}
	const own = load.acknowledged.filter(({ tag }) => tag !== "latest");
	const isThere = ({ repository, tag, digest }: (typeof own)[number]): boolean => now[repository]?.[tag] === digest;
	const lost = own.filter((push) => !isThere(push));
	const firstLost = Math.min(killedAt, ...lost.map(({ at }) => at));
	for (const push of own) assert.ok(isThere(push) || push.at >= firstLost, `${push.repository}:${push.tag}`);
	const lastKept = Math.max(0, ...own.filter(isThere).map(({ sentAt }) => sentAt));
	// What one client sent after another one's that was lost was committed at about the same time.
	assert.ok(lastKept - firstLost < 10_000, "a push was lost though far later ones were not");
	return killedAt - firstLost;
};

/** Hands a backup over, as an operator does. */
const handOver = async (control: Control, uid: string): Promise<void> => {
	const operator = await Operator.begin(control);
	await operator.apply([{ kind: "Backup", uid, generation: 1, spec: { name: `team/${uid}` } }]);
};

/** How the one run of a backup ended that was handed over. */
const endOf = (control: Control, uid: string): Promise<BackupReport["runs"][number]> =>
	eventually(async () => {
		const [run, ...more] = backupReport.parse((await observedOf(control, uid)).report).runs;
		assert.ok(run !== undefined && run.outcome !== "Running", `${uid} has not ended`);
		assert.equal(more.length, 0, "it was made more than once");
		return run;
	}, 180_000);

/** What an archive has, as the command tells it, a line each. */
const listBackups = async (dataDir: string): Promise<readonly string[]> => {
	const { code, output } = await limaniCommand(dataDir, "backup", "--list");
	assert.equal(code, 0, output);
	return output.split("\n").filter((line) => line !== "");
};

/** Backups that may be quicker than whoever kills their process. */
const MOST_TRIES = 10;

/**
 * Kills a registry in the middle of a backup that goes on from a whole one: that stays, as it was, and can be restored; of
 * the one that was cut short nothing is listed, and the next one is whole.
 *
 * @param snapshots how many snapshots the archive has: a backup begins with one
 */
export const dieInLaterBackup = async (
	t: TestContext,
	site: BackupSite,
	snapshots: () => Promise<number>,
): Promise<void> => {
	const before = await startBackedUp(site);
	await using _ = before;
	const { limani, control } = before;
	const load = new PushLoad(limani.url);
	const push = async (count: number, bytes: number): Promise<void> => {
		for (let n = 0; n < count; n++) {
			await load.push("team/big", `v${load.acknowledged.length}`, load.acknowledged.length, bytes);
		}
	};
	/** Undefined when the later one was whole before anybody could kill its process. */
	const cutShort = async (uid: string) => {
		await push(4, 200_000);
		const whole = await before.backUp();
		assert.equal(whole.code, 0, whole.output);
		const then = await photograph(limani.url);
		const listed = await listBackups(limani.dataDir);
		const id = (await control.archive({}, AbortSignal.timeout(30_000))).archive?.lastSuccessfulBackup?.id;
		await push(12, 1_000_000);
		const known = await snapshots();
		await handOver(control, uid);
		const deadline = performance.now() + 120_000;
		while ((await snapshots()) === known) {
			assert.ok(performance.now() < deadline, "no backup was begun");
			await sleep(2);
		}
		limani.child.kill("SIGSTOP");
		if ((await listBackups(limani.dataDir)).length === listed.length) return { uid, then, listed, id: id ?? "" };
		limani.child.kill("SIGCONT");
		await endOf(control, uid);
		return undefined;
	};
	let cut: Awaited<ReturnType<typeof cutShort>>;
	for (let n = 0; cut === undefined && n < MOST_TRIES; n++) cut = await cutShort(`later-${n}`);
	assert.ok(cut !== undefined, "every backup was whole before its process could be killed");
	await limani.stop("SIGKILL");
	assert.deepEqual(await listBackups(limani.dataDir), cut.listed, "half a backup is taken for a whole one");
	const half = await writeTarget(site, "half");
	const restored = await limaniCommand(half, "restore", "--archive", "--backup", cut.id);
	assert.equal(restored.code, 0, restored.output);
	assert.deepEqual(await look(site, "half"), cut.then, "the earlier one is not what it was");
	await assertWhole(half);

	await using after = await restartBackedUp(site);
	const died = await endOf(after.control, cut.uid);
	assert.deepEqual([died.outcome, died.backup], ["Interrupted", undefined]);
	const next = await after.backUp();
	assert.equal(next.code, 0, next.output);
	t.diagnostic(next.output.trim());
	const now = await photograph(after.limani.url);
	const listed = await listBackups(after.limani.dataDir);
	assert.deepEqual([listed.length, listed.slice(0, -1)], [cut.listed.length + 1, cut.listed]);
	await writeTarget(site, "latest");
	assert.deepEqual(await look(site, "latest"), now);
};

/**
 * Kills a registry in the middle of a backup that was handed over, which leaves none and is told so, and lets the next ones
 * come to their end.
 */
export const dieInBackup = async (
	t: TestContext,
	site: BackupSite,
	isUnderWay: () => Promise<boolean>,
): Promise<void> => {
	const before = await startBackedUp(site);
	await using _ = before;
	const load = new PushLoad(before.limani.url);
	for (let n = 0; n < 24; n++) await load.push("team/big", `v${n}`, n, 1_000_000);
	await handOver(before.control, "b1");
	const deadline = performance.now() + 120_000;
	while (!(await isUnderWay())) {
		assert.ok(performance.now() < deadline, "no backup was begun");
		await sleep(2);
	}
	await before.limani.stop("SIGKILL");
	const listed = await limaniCommand(before.limani.dataDir, "backup", "--list");
	const none = "there is no whole backup in the archive\n";
	assert.deepEqual(listed, { code: 0, output: none }, "half a backup is taken for a whole one");
	const target = await writeTarget(site, "half");
	const refused = await limaniCommand(target, "restore", "--archive");
	assert.equal(refused.code, 1);
	assert.match(refused.output, /there is no whole backup/);

	await using after = await restartBackedUp(site);
	const next = await after.backUp();
	assert.equal(next.code, 0, next.output);
	t.diagnostic(next.output.trim());
	const then = await photograph(after.limani.url);
	const died = await endOf(after.control, "b1");
	assert.deepEqual(
		[died.outcome, died.message, died.backup],
		["Interrupted", "the process that ran it died", undefined],
	);
	await handOver(after.control, "b2");
	const made = await endOf(after.control, "b2");
	assert.equal(made.outcome, "Succeeded", made.message);
	assert.deepEqual(await endOf(after.control, "b1"), died, "what was cut short is not tried again");
	const { archive } = await after.control.archive({}, AbortSignal.timeout(30_000));
	assert.equal(archive?.lastSuccessfulBackup?.id, made.backup);
	assert.ok((archive?.firstRecoverabilityPoint ?? 0) < (made.at ?? 0) && archive?.away === undefined);
	const all = await limaniCommand(after.limani.dataDir, "backup", "--list");
	assert.equal(all.output.trim().split("\n").length, 2, all.output);
	const restored = await limaniCommand(target, "restore", "--archive");
	assert.equal(restored.code, 0, restored.output);
	assert.deepEqual(await look(site, "half"), then);
};
