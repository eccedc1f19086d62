// The power fails under a whole registry, again and again: the driver's files on a simulated file system that forgets
// what was not fsynced, the metadata in a real SQLite that keeps what it committed (syscalls.test.ts shows its fsync).
// SEED repeats a run's choices, DURATION is its time in seconds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "#/lib/clock.ts";
import { OciError } from "#/oci/error.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { BufferPool } from "#/storage/buffer-pool.ts";
import { ByteBudget } from "#/storage/byte-budget.ts";
import { openFilesystemStore } from "#/storage/filesystem/index.ts";
import { IoThread } from "#/storage/filesystem/io-thread.ts";
import { hooked, hookedStore } from "../../support/hooked.ts";
import { pushAtRandom } from "../../support/power-cut-clients.ts";
import type { FsyncCall } from "../../support/power-cut-fs.ts";
import { Power } from "../../support/power-cut-power.ts";
import { PowerCutPushes } from "../../support/power-cut-pushes.ts";
import { forever, type Instance, openRegistryHarness, type RegistryHarness } from "../../support/registry.ts";
import { type Random, seededRandom } from "../../support/seeded-random.ts";

const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);
/** Seconds. */
const DURATION = Number(process.env.DURATION ?? 15);
const LIVES = 12;

let opened = 0;

const openStore = ({ fileSystem }: Power, create: boolean): Promise<BlobStore> =>
	openFilesystemStore(
		{ root: "/srv/blobs", id: "test", create },
		{
			fileSystem,
			pool: new BufferPool(),
			budget: new ByteBudget(1024 * 1024),
			// Never started: files without descriptors stay on the main thread.
			thread: new IoThread(),
			id: () => String(++opened),
		},
	);

/** One run: metadata for all lives, and what the clients know. */
interface Run {
	readonly harness: RegistryHarness;
	readonly pushes: PowerCutPushes;
	/** Keys that were deleted since the last cut. */
	readonly deleted: Set<string>;
	/** Keys that were deleted before it: it may have brought their files back, known to nobody. */
	readonly mayReturn: Set<string>;
}

/** Opens what is on the disk, and writes down what is deleted there. */
const openDisk = async ({ deleted }: Run, power: Power, create: boolean): Promise<BlobStore> =>
	hookedStore(await openStore(power, create), async (method, args) =>
		method === "delete" ? () => void deleted.add(String(args[0])) : undefined,
	);

const startInstance = ({ harness: { metadata, instance } }: Run, power: Power, store: BlobStore): Instance => {
	return instance({
		stores: new Map([["default", store]]),
		metadata: {
			...metadata,
			manifests: hooked(metadata.manifests, power.hook),
			blobs: hooked(metadata.blobs, power.hook),
			uploads: hooked(metadata.uploads, power.hook),
			objects: hooked(metadata.objects, power.hook),
			repositories: hooked(metadata.repositories, power.hook),
		},
		limits: { leaseMs: 200, extendMs: 40 },
	});
};

/** Everything that was answered is there, and no byte that is unknown, with the power on. */
const check = async (run: Run, instance: Instance, store: BlobStore, sweepAll: boolean): Promise<void> => {
	const { harness, pushes, mayReturn } = run;
	await pushes.verify(instance);
	await pushes.reconcile(instance);
	const { objects, uploads, history } = harness.metadata;
	const deps = {
		objects,
		uploads,
		history,
		stores: new Map([["default", store]]),
		holder: "sweeper",
		clock: systemClock,
	};
	const report = (event: object): void => assert.fail(JSON.stringify(event));
	const ages = sweepAll ? { staleMs: 0, idleUploadMs: 0 } : {};
	await new Sweeper({ ...deps, report }, ages).round(forever);
	const findings: Finding[] = [];
	const found = (finding: Finding): void => void findings.push(finding);
	await verifyStore({ objects, store, found, isToBeRead: () => true }, "default", forever);
	// A delete is not fsynced: its file may come back once, as room that is lost and as nothing else.
	const returned = findings.filter(({ kind, key }) => kind === "unknown" && mayReturn.has(key));
	for (const { key } of returned) await store.delete(key, undefined, forever);
	assert.deepEqual(
		findings.filter((finding) => !returned.includes(finding)),
		[],
	);
};

/** Goes on with what was left unfinished, and pushes more, until the power fails. */
const work = async ({ pushes }: Run, instance: Instance, power: Power, random: Random): Promise<void> => {
	const goOn = async (): Promise<void> => {
		for (const upload of [...pushes.uploads]) {
			const choice = random();
			if (choice < 0.4) await pushes.append(instance, upload, "and more");
			if (choice < 0.6 && pushes.uploads.has(upload)) await pushes.finish(instance, upload, "the end");
		}
	};
	const clients = [goOn(), ...[1, 2, 3, 4].map(() => pushAtRandom(instance, pushes, random))];
	// What fails with the power is no answer; what fails before it is a fault of the registry.
	const untilCut = clients.map((client) =>
		client.catch((error: unknown) => {
			if (!power.isOff) throw error;
		}),
	);
	const failed = (await Promise.allSettled(untilCut)).find((end) => end.status === "rejected");
	if (failed !== undefined) throw failed.reason;
};

/** Several lives on the same metadata. @returns how often the power failed, and how much was acknowledged */
const randomRun = async (
	seed: number,
	isOver: () => boolean,
	isSwallowed?: (call: FsyncCall) => boolean,
): Promise<{ readonly cuts: number; readonly acknowledged: number }> => {
	const random = seededRandom(seed);
	await using harness = await openRegistryHarness();
	const run: Run = { harness, pushes: new PowerCutPushes(), deleted: new Set(), mayReturn: new Set() };
	let power = new Power(undefined, isSwallowed);
	let life = 0;
	for (; life < LIVES && (life < 3 || !isOver()); life++) {
		const store = await openDisk(run, power, life === 0);
		const instance = startInstance(run, power, store);
		await check(run, instance, store, false);
		power.failSoon(random);
		await work(run, instance, power, random);
		power.cut();
		await harness.drain();
		for (const key of run.deleted) run.mayReturn.add(key);
		run.deleted.clear();
		power = power.restore(random, isSwallowed);
	}
	const store = await openDisk(run, power, false);
	const instance = startInstance(run, power, store);
	await check(run, instance, store, false);
	for (const upload of [...run.pushes.uploads]) await run.pushes.finish(instance, upload, "at last");
	await harness.drain();
	await check(run, instance, store, true);
	return { cuts: life, acknowledged: run.pushes.acknowledged };
};

test("what a registry acknowledged survives any number of power cuts, and no unknown byte stays", async (t) => {
	const end = performance.now() + DURATION * 1000;
	let [runs, cuts, acknowledged] = [0, 0, 0];
	const isOver = (): boolean => performance.now() > end;
	for (; runs === 0 || !isOver(); runs++) {
		const seed = SEED + runs;
		const figures = await randomRun(seed, isOver).catch((error: unknown) => {
			throw new Error(`SEED=${seed} shows it`, { cause: error });
		});
		cuts += figures.cuts;
		acknowledged += figures.acknowledged;
	}
	t.diagnostic(`SEED=${SEED} DURATION=${DURATION}: ${cuts} cuts, ${acknowledged} acknowledged pushes`);
	assert.ok(acknowledged > cuts, "hardly anything was pushed");
});

const LOSSES = new Set(["UNKNOWN", "BLOB_UPLOAD_UNKNOWN", "BLOB_UNKNOWN"]);

/** Something that was answered is not there, or is not what it was. */
const isLoss = (error: unknown): boolean =>
	error instanceof assert.AssertionError || (error instanceof OciError && LOSSES.has(error.code));

for (const [name, isSwallowed] of [
	["staged files", ({ kind, path }: FsyncCall) => kind === "file" && path.includes("/staged/")],
	["directories of staged files", ({ kind, path }: FsyncCall) => kind === "directory" && path.includes("/staged")],
	["directories of finished blobs", ({ path }: FsyncCall) => path.includes("/data")],
] as const) {
	test(`a registry that leaves out the fsync of ${name} is found out`, async () => {
		await assert.rejects(async () => {
			for (let seed = 0; seed < 40; seed++) await randomRun(seed, () => false, isSwallowed);
		}, isLoss);
	});
}
