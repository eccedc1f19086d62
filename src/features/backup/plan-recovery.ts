/** What of an archive makes a registry what it was at an instant. Nothing is changed by looking. */
import { type Chain, chooseChain, type SegmentFile } from "#/registry/journal/choose-chain.ts";
import type { Archive } from "./archive.ts";
import { BACKUPS_PREFIX, backupOfKey, segmentOfKey, segmentsPrefix } from "./archive-keys.ts";
import { readArchivedSegment } from "./archived-journal.ts";
import { BackupError, noArchive } from "./backup-error.ts";
import { type BackupManifest, backupManifest, readDocument } from "./documents.ts";
import { readIdentity } from "./identity.ts";
import { lastMark } from "./last-mark.ts";
import { listBackups } from "./list-backups.ts";
import { checkArchivedSnapshot } from "./verify-backup.ts";

/** What is wanted: a backup as it was made, or an instant; neither: the last that the archive has. */
export interface RecoveryTarget {
	/** The id of a backup. */
	readonly backup?: string | undefined;
	/** Milliseconds since the epoch. */
	readonly to?: number | undefined;
	/** The id of the backup to begin with where neither is given. @defaultValue that of the last one */
	readonly from?: string | undefined;
}

/** What of a store's part of an archive is applied. */
export interface PlannedStore {
	readonly name: string;
	/** The key of the snapshot. */
	readonly snapshot: string;
	/** Keys of the segments after it, in order. */
	readonly segments: readonly string[];
}

/** How a registry is had again. */
export interface RecoveryPlan {
	readonly registry: string;
	readonly backup: BackupManifest;
	/** Changes after this instant are left out; absent: none are. */
	readonly until: number | undefined;
	/** What the restored registry is as of, milliseconds since the epoch. */
	readonly point: number;
	readonly stores: readonly PlannedStore[];
}

/**
 * Chooses the backup to begin with and the journal after it, and reads both to their end: what is broken or missing is
 * known before anything is written.
 *
 * @throws BackupError ABSENT, NO_POINT, CORRUPT, INCOMPLETE, SEALED; StoreError
 */
export const planRecovery = async (
	archive: Archive,
	target: RecoveryTarget,
	signal: AbortSignal,
): Promise<RecoveryPlan> => {
	const registry = await readIdentity(archive, signal);
	if (registry === undefined) throw noArchive();
	const backup = await chooseBackup(archive, target, signal);
	const mark = await lastMark(archive, signal);
	if (mark === undefined) throw new BackupError("INCOMPLETE", "the archive does not say how far its journal goes");
	const until = target.backup === undefined ? target.to : (target.to ?? backup.at);
	const reach = Math.max(mark.until, backup.at);
	if (until !== undefined && until > reach) {
		const reached = `the archive reaches to ${toIso(reach)}, which is before ${toIso(until)}`;
		throw new BackupError("NO_POINT", `${reached}: name no instant to have all that is there`);
	}
	const stores: PlannedStore[] = [];
	for (const stored of backup.stores) {
		await checkArchivedSnapshot(archive, stored, signal);
		const ends = [mark.journal[stored.name], backup.journal[stored.name]].map((end) => end?.number ?? 0);
		const anchor = { segment: stored.segment, hash: stored.hash };
		const chain = await readChain(archive, { name: stored.name, anchor, until }, signal);
		assertWhole(chain, { name: stored.name, from: stored.segment, end: Math.max(...ends), until });
		stores.push({ name: stored.name, snapshot: stored.snapshot, segments: chain.files.map(({ key }) => key) });
	}
	return { registry, backup, until, point: until ?? reach, stores };
};

/** An instant as people write it. */
export const toIso = (at: number): string => new Date(at).toISOString();

const chooseBackup = async (
	archive: Archive,
	{ backup, to, from }: RecoveryTarget,
	signal: AbortSignal,
): Promise<BackupManifest> => {
	const id = backup ?? (to === undefined ? from : undefined);
	if (id !== undefined) {
		const key = `${BACKUPS_PREFIX}${id}`;
		const found = await archive.find(key, (each) => each === key, signal);
		if (found === undefined) throw await absent(archive, id, signal);
		const manifest = await readDocument(archive, { key, schema: backupManifest }, signal);
		if (to === undefined || to >= manifest.at) return manifest;
		throw new BackupError("NO_POINT", `the backup ${id} is of ${toIso(manifest.at)}, which is after ${toIso(to)}`);
	}
	const broken: BackupError[] = [];
	// What one has that is broken, the journal after an earlier one has too.
	const backups = await listBackups(archive, signal, (error) => broken.push(error));
	const [first] = backups;
	const [lost] = broken;
	if (first === undefined && lost !== undefined) throw lost;
	if (first === undefined) throw new BackupError("ABSENT", "there is no whole backup in the archive");
	const chosen = backups.findLast(({ at }) => to === undefined || at <= to);
	if (chosen !== undefined) return chosen;
	if (lost !== undefined) throw lost;
	const early = to === undefined ? "" : `${toIso(to)} is too early: `;
	throw new BackupError("NO_POINT", `${early}the first instant that can be had is ${toIso(first.at)}`);
};

/** There is no such backup: which there are is told by its name. */
const absent = async (archive: Archive, id: string, signal: AbortSignal): Promise<BackupError> => {
	const newest = (await archive.keys(BACKUPS_PREFIX, signal)).flatMap((key) => backupOfKey(key) ?? []).at(-1);
	const others = newest === undefined ? "none is whole" : `the newest is ${newest}`;
	return new BackupError("ABSENT", `there is no backup ${id} in the archive, of which ${others}`);
};

interface ReadChain extends Chain {
	/** Segments that have changes up to the instant. */
	readonly files: readonly SegmentFile[];
	/** Whether it goes on after the instant. */
	readonly isPast: boolean;
}

const readChain = async (
	archive: Archive,
	wanted: {
		readonly name: string;
		readonly anchor: { readonly segment: number; readonly hash: string };
		readonly until: number | undefined;
	},
	signal: AbortSignal,
): Promise<ReadChain> => {
	const { name, anchor, until = Number.POSITIVE_INFINITY } = wanted;
	const files: SegmentFile[] = [];
	const times = new Map<string, { readonly first: number; readonly last: number }>();
	for (const key of await archive.keys(segmentsPrefix(name), signal)) {
		const { number, hash } = segmentOfKey(key) ?? { number: 0, hash: "" };
		if (number <= anchor.segment) continue;
		const { header, records } = await readArchivedSegment(archive, key, signal);
		files.push({ key, number, previous: header.previous, hash, records: records.length });
		const first = records.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
		times.set(key, { first, last: records.reduce((most, { at }) => Math.max(most, at), 0) });
		// Later ones have nothing of that time any more.
		if (first > until + SLACK_MS) break;
	}
	const chain = chooseChain(anchor, files);
	return {
		...chain,
		files: chain.chain.filter(({ key }) => (times.get(key)?.first ?? 0) <= until),
		isPast: chain.chain.some(({ key }) => (times.get(key)?.last ?? 0) > until),
	};
};

/** How far apart in time changes may be that were committed in the other order, milliseconds. */
const SLACK_MS = 60_000;

/** @throws BackupError INCOMPLETE when changes up to the instant are not there */
const assertWhole = (
	{ chain, loose, isPast }: ReadChain,
	{
		name,
		from,
		end,
		until,
	}: {
		readonly name: string;
		readonly from: number;
		readonly end: number;
		readonly until: number | undefined;
	},
): void => {
	const last = chain.at(-1)?.number ?? from;
	if (isPast || (last >= end && loose.length === 0)) return;
	throw new BackupError(
		"INCOMPLETE",
		`the journal of the store ${name} in the archive ends with segment ${last}, what follows is missing` +
			(until === undefined ? ": an instant before that can still be had" : ""),
	);
};
