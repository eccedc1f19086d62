import { setTimeout as sleep } from "node:timers/promises";
import type { HeldLease } from "#/jobs/hold-lease.ts";
import { PIN_PREFIX } from "#/metadata/collection.ts";
import { BACKUPS_PREFIX, backupId } from "./archive-keys.ts";
import { BackupError } from "./backup-error.ts";
import type { BackupOpts } from "./backup-opts.ts";
import type { BackupDeps, Work } from "./backup-work.ts";
import { type ArchivedSnapshot, archiveSnapshot, copyStore, type ManifestStore } from "./copy-store.ts";
import { type BackupManifest, writeDocument } from "./documents.ts";
import { shipBeside } from "./ship-beside.ts";
import { committedUntil, shipJournal, writeMark } from "./ship-journal.ts";
import { verifyStoreOfBackup } from "./verify-backup.ts";

/** A backup that is about to be made. */
export interface BegunBackup {
	readonly work: Work;
	/** Milliseconds since the epoch. */
	readonly startedAt: number;
	/** By which nobody else is at the archive. */
	readonly lease: HeldLease;
	/** Whether there is an earlier one, from which the journal goes on: then it does so meanwhile too. */
	readonly goesOn: boolean;
}

/** By this one process at a time works at the archive, and nothing is collected meanwhile. */
export const ARCHIVE_PIN = `${PIN_PREFIX}backup`;

const LOOK_MS = 250;

/**
 * Writes a backup: snapshots, blobs, the journal up to it; reads it back, and names it in the archive at last.
 *
 * @throws BackupError, StoreError, MetadataError
 */
export const makeBackup = async (
	deps: BackupDeps,
	opts: BackupOpts,
	{ work, startedAt, lease, goesOn }: BegunBackup,
	signal: AbortSignal,
): Promise<BackupManifest> => {
	const { clock, newId } = deps;
	const needed = await lastSegments(deps, signal);
	const act = (within: AbortSignal) => copyAll(deps, opts, work, within);
	const { intervalMs } = opts;
	const copied = await (goesOn ? shipBeside(deps, { work, needed, intervalMs }, act, signal) : act(signal));
	const { mark } = await shipJournal(deps, work, needed, signal);
	const { at, stores, verified } = copied;
	const { journal } = mark;
	const id = backupId(at, newId());
	const facts = { id, startedAt, finishedAt: clock.now(), at, stores, journal, copied: work.copied, verified };
	await writeMark(deps, mark, signal);
	deps.meter.shipped(mark.until);
	const manifest: BackupManifest = { format: "limani-backup/1", ...facts };
	await nameBackup(deps, opts, { manifest, lease }, signal);
	return manifest;
};

/** The last segments now: what later ones speak of was pinned before, and must be there. */
const lastSegments = async (
	{ stores, metadata }: Pick<BackupDeps, "stores" | "metadata">,
	signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> => {
	const last = new Map<string, number>();
	for (const name of stores.keys()) last.set(name, (await metadata.outbox.lastSegment(name, signal))?.number ?? 0);
	return last;
};

/** What a backup has of the stores, and how much of it was read back. */
interface CopiedStores {
	readonly at: number;
	readonly stores: ManifestStore[];
	readonly verified: number;
}

const copyAll = async (deps: BackupDeps, opts: BackupOpts, work: Work, signal: AbortSignal): Promise<CopiedStores> => {
	const { stores, metadata, archive, random } = deps;
	const snapshots: ArchivedSnapshot[] = [];
	for (const [name, store] of stores) snapshots.push(await archiveSnapshot(deps, { name, store }, signal));
	// Later than all of them: the journal has what lies between.
	const { now: at } = await metadata.objects.watchClock();
	const stored: ManifestStore[] = [];
	for (const snapshot of snapshots) {
		const store = stores.get(snapshot.name);
		if (store !== undefined) stored.push(await copyStore(deps, work, { ...snapshot, store }, signal));
	}
	await untilJournaled(deps, { at, withinMs: opts.journalMs }, signal);
	let verified = 0;
	const isToBeRead = () => random() < opts.verifyShare;
	for (const each of stored) {
		verified += await verifyStoreOfBackup(archive, each, { condemned: work.condemned, isToBeRead }, signal);
	}
	return { at, stores: stored, verified };
};

/** From now on it is there. One that was made too late, when the archive was another's already, goes again. */
const nameBackup = async (
	deps: BackupDeps,
	opts: BackupOpts,
	{ manifest, lease }: { readonly manifest: BackupManifest; readonly lease: HeldLease },
	signal: AbortSignal,
): Promise<void> => {
	const { archive } = deps;
	const key = `${BACKUPS_PREFIX}${manifest.id}`;
	await assertHeld(deps, opts, lease);
	await writeDocument(archive, key, manifest, signal);
	try {
		await assertHeld(deps, opts, lease);
	} catch (error) {
		// What it names may have been deleted meanwhile, as by nobody's backup.
		await archive.delete(key, AbortSignal.timeout(10_000));
		throw error;
	}
};

/** Waits until everything that was committed by an instant is in the journal. */
const untilJournaled = async (
	deps: BackupDeps,
	{ at, withinMs }: { readonly at: number; readonly withinMs: number },
	signal: AbortSignal,
): Promise<void> => {
	const { clock, journal } = deps;
	const until = clock.monotonic() + withinMs;
	for (;;) {
		await journal(signal);
		if ((await committedUntil(deps, signal)) >= at) return;
		if (clock.monotonic() > until) {
			throw new BackupError("STALLED", "the journal does not go on: the log of the registry says why");
		}
		await sleep(LOOK_MS, undefined, { signal });
	}
};

const assertHeld = async (
	{ metadata, holder }: BackupDeps,
	{ leaseMs }: BackupOpts,
	{ fence, lost }: HeldLease,
): Promise<void> => {
	const held = await metadata.outbox.lease(ARCHIVE_PIN, holder, leaseMs);
	if (held === fence && !lost.aborted) return;
	throw new BackupError("LOST", "another process took the archive over");
};
