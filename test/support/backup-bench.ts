import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { MasterKey } from "#/auth/master-key.ts";
import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { Archive } from "#/features/backup/archive.ts";
import type { BackupOpts } from "#/features/backup/backup-opts.ts";
import type { BackupMeter } from "#/features/backup/backup-work.ts";
import { Backups } from "#/features/backup/index.ts";
import type { RecoveryTarget } from "#/features/backup/plan-recovery.ts";
import { type RestoreSummary, restoreRegistry } from "#/features/backup/restore.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import { verifyReferences } from "#/registry/verify-references.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { contentsOf, openJournaler } from "./journal.ts";
import { forever, openRegistryHarness, type RegistryHarness } from "./registry.ts";
import { openInspectedMetadata, wallClock } from "./sqlite-metadata.ts";

/** An archive in memory, and what lies in it. */
export interface MemoryArchive {
	readonly archive: Archive;
	readonly objects: MemoryObjects;
	readonly store: BlobStore;
}

/** Opens an archive over the same objects each time. */
export const memoryArchive = (objects = new MemoryObjects(), key?: Uint8Array): MemoryArchive => {
	const store = openMemoryStore({ now: Date.now, objects });
	return { archive: new Archive({ store, sealer: key && new MasterKey(key) }), objects, store };
};

const NO_METER: BackupMeter = { ended: () => undefined, shipped: () => undefined };

/** What backs a harness up into an archive. */
export const backupsOf = (
	{ metadata, stores }: Pick<RegistryHarness, "metadata" | "stores">,
	archive: Archive,
	{ meter = NO_METER, ...opts }: Partial<BackupOpts> & { readonly holder?: string; readonly meter?: BackupMeter } = {},
): Backups => {
	const holder = opts.holder ?? "backup";
	const { journaler } = openJournaler({ metadata, stores }, { holder: `${holder} journaler`, leaseMs: 50 });
	return new Backups(
		{
			metadata,
			stores,
			archive,
			newId: idSource(),
			holder,
			clock: systemClock,
			random: Math.random,
			report: ({ error }) => {
				if (error !== undefined) assert.fail(String(error));
			},
			meter,
			journal: (signal) => journaler.round(signal),
		},
		{ verifyShare: 1, journalMs: 10_000, ...opts },
	);
};

/** A registry that was restored. */
export interface RestoredRegistry extends AsyncDisposable {
	readonly metadata: Metadata;
	readonly stores: ReadonlyMap<string, BlobStore>;
	readonly summary: RestoreSummary;
	restore(target?: RecoveryTarget): Promise<RestoreSummary>;
}

/** Quick, and good for all but what happens at once. */
const openQuickly = async (): Promise<Metadata> => {
	const inspected = await openInspectedMetadata(wallClock);
	return Object.assign(inspected.metadata, { [Symbol.asyncDispose]: () => inspected[Symbol.asyncDispose]() });
};

/** A registry to back up, in memory. */
export const openQuickHarness = async (): Promise<RegistryHarness> =>
	openRegistryHarness({ metadata: await openQuickly() });

/** An empty registry to restore into. @param disguise puts something before each of its stores */
export const emptyTarget = async (
	archive: Archive,
	disguise: (store: BlobStore) => BlobStore = (store) => store,
): Promise<Omit<RestoredRegistry, "summary">> => {
	const metadata = await openQuickly();
	const stores = new Map(["default", "other"].map((name) => [name, disguise(openMemoryStore({ now: Date.now }))]));
	const newId = idSource();
	const key = new MasterKey(new Uint8Array(32));
	const deps = { metadata, stores, archive, newId, holder: "restorer", report: () => undefined };
	const replaceKeys = async () => await metadata.signingKeys.replaceAll(await createSigningKey(key));
	return {
		metadata,
		stores,
		restore: (target = {}) => restoreRegistry({ ...deps, replaceKeys }, target, forever),
		[Symbol.asyncDispose]: () => metadata[Symbol.asyncDispose](),
	};
};

/** Restores into an empty registry. */
export const restored = async (archive: Archive, target: RecoveryTarget = {}): Promise<RestoredRegistry> => {
	await using opening = new AsyncDisposableStack();
	const made = opening.use(await emptyTarget(archive));
	const summary = await made.restore(target);
	const resources = opening.move();
	return { ...made, summary, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/** What a registry holds, as lines; neither who controls it, nor when things were used last. */
export const holdings = async ({ metadata, stores }: Pick<RegistryHarness, "metadata" | "stores">) => {
	const all: { [store: string]: readonly string[] } = {};
	for (const name of stores.keys()) {
		all[name] = (await contentsOf(metadata, name)).filter((line) => !/^(manifest-used|project-)/.test(line));
	}
	return all;
};

/** Fails unless every byte is known and every live object is whole. */
export const assertWhole = async ({
	metadata,
	stores,
}: Pick<RegistryHarness, "metadata" | "stores">): Promise<void> => {
	const findings: Finding[] = [];
	const found = (finding: Finding): void => void findings.push(finding);
	for (const [name, store] of stores) {
		await verifyStore({ objects: metadata.objects, store, found, isToBeRead: () => true }, name, forever);
		await verifyReferences({ objects: metadata.objects, found }, name, forever);
	}
	assert.deepEqual(findings, []);
};

const due = { touchedBefore: Date.now() + 3_600_000, limit: 1_000 };

/** Takes away everything that nobody uses. */
export const collect = async ({ metadata, stores }: RegistryHarness): Promise<number> => {
	await metadata.collection.collectLinks(due);
	const { collected } = await metadata.collection.collectBlobs(due);
	const { objects, uploads, history } = metadata;
	const deps = { objects, uploads, history, stores, holder: "sweeper", clock: systemClock, report: () => undefined };
	await new Sweeper(deps).round(forever);
	return collected;
};

/** Later than every change so far, and before every later one. */
export const instant = async (): Promise<number> => {
	await sleep(5);
	const now = Date.now();
	await sleep(5);
	return now;
};

/** What lies in an archive under keys with a part, in their order. */
export const keysOf = ({ objects }: MemoryArchive, part: string): readonly string[] =>
	[...objects.finished.keys()].filter((key) => key.includes(part)).toSorted();
