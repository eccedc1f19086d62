/** Brings a registry back from an archive, into stores and a database that are empty. */
import { inParallel } from "#/lib/in-parallel.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Restoration } from "#/metadata/origins.ts";
import { parseRecord, type RecordOf } from "#/metadata/records.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { applyRecords, inOrder } from "#/registry/journal/apply-records.ts";
import { readSnapshot, writeSnapshot } from "#/registry/journal/snapshot.ts";
import type { Report } from "#/registry/report.ts";
import { type Stores, storeNamed } from "#/registry/store-named.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { isMark } from "#/storage/mark.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Archive } from "./archive.ts";
import { readArchivedSegment } from "./archived-journal.ts";
import { BackupError } from "./backup-error.ts";
import { readArchivedBlob } from "./blob-bytes.ts";
import { type PlannedStore, planRecovery, type RecoveryPlan, type RecoveryTarget } from "./plan-recovery.ts";
import { type RecoveredBlob, recoveredBlobs } from "./recovered-blobs.ts";

/** What {@link restoreRegistry} works with. */
export interface RestoreDeps {
	/** Its snapshots are those that open secrets. */
	readonly metadata: Pick<Metadata, "objects" | "outbox" | "snapshots" | "origins">;
	readonly stores: Stores;
	readonly archive: Archive;
	readonly newId: () => string;
	readonly holder: string;
	readonly report: Report;
	/**
	 * Forgets the token signing keys of before: their tokens belong to another life. False when the lease of that fence is
	 * not held any more.
	 */
	readonly replaceKeys: (fence: number | undefined) => Promise<boolean>;
	/** Of the lease that this is done under: nothing is written to metadata without it. Absent: nobody else is at it. */
	readonly fence?: number | undefined;
}

/** What was restored. */
export interface RestoreSummary {
	readonly backup: string;
	/** What the registry is as of, milliseconds since the epoch. */
	readonly point: number;
	readonly blobs: number;
	readonly bytes: number;
	readonly records: number;
	/** It was restored before, and nothing was done. */
	readonly wasDone: boolean;
}

const NOT_EMPTY =
	"a restore needs an empty database and empty stores: name others, or take the recovery away if this is the registry wanted";

const LOST =
	"the lease of the restore was lost: another process took it over, or this one stood still for longer than that lasts";

/** Blobs on their way at once. */
const AT_ONCE = 4;

/**
 * Restores what is wanted, and compares every digest on the way. A restore that was cut short is gone on with when the
 * same is wanted again; anything else that the target holds is left alone, and refuses it.
 *
 * @throws BackupError (LOST: the lease is not held any more, and another process may have taken over), StoreError, MetadataError
 */
export const restoreRegistry = async (
	deps: RestoreDeps,
	target: RecoveryTarget,
	signal: AbortSignal,
): Promise<RestoreSummary> => {
	const { metadata, archive } = deps;
	const present = await metadata.origins.restoration(signal);
	const plan = await planRecovery(archive, { ...target, from: begunFrom(present) }, signal);
	for (const { name } of plan.stores) storeNamed(deps.stores, name);
	const source = sourceOf(plan, target);
	if (present === undefined) await assertEmpty(deps.stores, signal);
	const summary = { backup: plan.backup.id, point: plan.point, blobs: 0, bytes: 0, records: 0 };
	if (present?.endedAt === undefined) await assertComplete(archive, plan, signal);
	const start = await metadata.origins.beginRestore(source, deps.fence);
	assertHeld(start !== "lost");
	if (start === "not-empty") throw new BackupError("NOT_EMPTY", NOT_EMPTY);
	if (start === "done") return { ...summary, wasDone: true };
	for (const store of plan.stores) {
		const copied = await copyBlobs(deps, { store, until: plan.until }, signal);
		summary.blobs += copied.blobs;
		summary.bytes += copied.bytes;
	}
	summary.records = await applyPlan(deps, plan, signal);
	await finish(deps, plan, signal);
	assertHeld(await metadata.origins.endRestore(source, deps.fence));
	return { ...summary, wasDone: false };
};

/** A process that stood still while another one took over would write what that one's clients have changed since. */
const assertHeld = (isHeld: boolean): void => {
	if (!isHeld) throw new BackupError("LOST", LOST);
};

const sourceOf = ({ registry, backup, until }: RecoveryPlan, { to }: RecoveryTarget): string =>
	[registry, backup.id, ...(to === undefined ? [] : [String(until)])].join(" ");

/** The backup that a restore begins with which was cut short: the last one may be another by now. */
const begunFrom = (present: Restoration | undefined): string | undefined =>
	present?.endedAt === undefined ? present?.source.split(" ")[1] : undefined;

const assertEmpty = async (stores: Stores, signal: AbortSignal): Promise<void> => {
	for (const [name, store] of stores) {
		for await (const { key } of store.list("", signal)) {
			if (isMark(key)) continue;
			throw new BackupError("NOT_EMPTY", `${NOT_EMPTY} (the store ${name} has ${key})`);
		}
	}
};

/** Every blob must be in the archive before any is copied. */
const assertComplete = async (
	archive: Archive,
	{ stores, until }: RecoveryPlan,
	signal: AbortSignal,
): Promise<void> => {
	for (const store of stores) {
		for await (const { blob, archived } of recoveredBlobs(archive, { store, until }, signal)) {
			if (archived !== undefined) continue;
			throw new BackupError(
				"INCOMPLETE",
				`the blob ${blob.digest} of the store ${store.name} is missing in the archive`,
			);
		}
	}
};

const copyBlobs = async (
	{ archive, stores, fence }: RestoreDeps,
	planned: { readonly store: PlannedStore; readonly until: number | undefined },
	signal: AbortSignal,
): Promise<{ readonly blobs: number; readonly bytes: number }> => {
	const store = storeNamed(stores, planned.store.name);
	const copied = { blobs: 0, bytes: 0 };
	await inParallel(recoveredBlobs(archive, planned, signal), AT_ONCE, async (recovered) => {
		await copyBlob(archive, { store, fence }, recovered, signal);
		copied.blobs += 1;
		copied.bytes += recovered.blob.size;
	});
	return copied;
};

/**
 * Another process that takes this over writes the same bytes under the same key: what is there after a failure may be
 * that one's, and is left.
 */
const copyBlob = async (
	archive: Archive,
	{ store, fence }: { readonly store: BlobStore; readonly fence: number | undefined },
	{ blob: { digest, key, size }, archived }: RecoveredBlob,
	signal: AbortSignal,
): Promise<void> => {
	if (archived === undefined) throw new BackupError("INCOMPLETE", `the blob ${digest} is missing in the archive`);
	const isThere = async (): Promise<boolean> => (await store.stat(key, signal))?.size === size;
	// It was copied before this was cut short: what is there is whole.
	if (await isThere()) return;
	try {
		const opts = fence === undefined ? { size } : { size, takeover: fence };
		await using writer = await store.write(key, opts, signal);
		const bytes = readArchivedBlob(archive, { digest, key: archived.key }, signal);
		for await (const piece of bytes) await writer.append(Uint8Array.from(piece));
		await writer.commit(signal);
	} catch (error) {
		const isFinished = error instanceof StoreError && error.code === "NOT_FOUND" && (await isThere());
		if (!isFinished) throw error;
	}
};

const applyPlan = async (
	{ metadata, archive, fence }: RestoreDeps,
	{ stores, until = Number.POSITIVE_INFINITY }: RecoveryPlan,
	signal: AbortSignal,
): Promise<number> => {
	const apply = async (records: readonly JournalRecord[]): Promise<void> =>
		assertHeld(await metadata.snapshots.restore(records, fence));
	let records = 0;
	for (const { name, snapshot } of stores) {
		const applied = await applyRecords(apply, readSnapshot(archive.reader, { key: snapshot, name }, signal));
		records += applied.records;
	}
	const later = stores.map((store) => recordsOf(archive, { store, until }, signal));
	return records + (await applyRecords(apply, inOrder(later))).records;
};

async function* recordsOf(
	archive: Archive,
	{ store, until }: { readonly store: PlannedStore; readonly until: number },
	signal: AbortSignal,
): AsyncGenerator<JournalRecord> {
	for (const key of store.segments) {
		const { records } = await readArchivedSegment(archive, key, signal);
		for (const record of records) if (record.at <= until) yield record;
	}
}

/** From now on it is a registry like any other: nobody controls it yet, its journal begins, and all of it is there. */
const finish = async (deps: RestoreDeps, { stores }: RecoveryPlan, signal: AbortSignal): Promise<void> => {
	const { metadata } = deps;
	for (const { name } of stores) {
		const store = storeNamed(deps.stores, name);
		assertHeld(await metadata.snapshots.restore(await releases(deps, name, signal), deps.fence));
		const { key } = await writeSnapshot({ ...deps, ...metadata }, { name, store }, signal);
		deps.report({ event: "restore.snapshot", level: "info", fields: { store: name, key } });
		const found: Finding[] = [];
		const note = (finding: Finding): void => {
			if (finding.kind !== "unknown") found.push(finding);
		};
		await verifyStore({ objects: metadata.objects, store, found: note }, name, signal);
		const [first] = found;
		if (first === undefined) continue;
		throw new BackupError("INCOMPLETE", `${found.length} restored objects are not whole, such as ${first.key}`);
	}
	assertHeld(await deps.replaceKeys(deps.fence));
};

/**
 * Lets go of the projects: whoever controls the restored registry does not know them yet, and would delete what it does
 * not name. Their owners take hold of them again.
 */
const releases = async (
	{ metadata }: RestoreDeps,
	store: string,
	signal: AbortSignal,
): Promise<readonly JournalRecord[]> => {
	const { records } = await metadata.snapshots.export(store, signal);
	const puts = new Map<string, JournalRecord & { readonly put: RecordOf<"project-put"> }>();
	for await (const row of records) {
		if (!row.kind.startsWith("project-")) continue;
		const record = parseRecord(row);
		if (record.kind === "project-put") puts.set(record.uid, { ...row, put: record });
		else if ("uid" in record) puts.delete(record.uid);
	}
	return [...puts.values()].map(({ put: { uid, name, revision }, at }) => ({
		store,
		at,
		kind: "project-released",
		body: JSON.stringify({ uid, name, revision: revision + 1, actor: "restore" }),
	}));
};
