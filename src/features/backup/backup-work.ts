import type { Clock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Report } from "#/registry/report.ts";
import type { Stores } from "#/registry/store-named.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { Archive } from "./archive.ts";
import { blobKeyOf } from "./archive-keys.ts";
import type { Condemned } from "./archived-blobs.ts";
import { BackupError } from "./backup-error.ts";
import { readStoredBlob, type StoredBlob } from "./blob-bytes.ts";

/** Is told what is in the archive; instants in milliseconds since the epoch. */
export interface BackupMeter {
	/** A backup came to its end, or did not. */
	ended(isWhole: boolean, at: number): void;
	/** Every change up to then is in the archive. */
	shipped(until: number): void;
}

/** What making backups takes. */
export interface BackupDeps {
	/** Outbox and snapshots are those that seal secrets. */
	readonly metadata: Pick<Metadata, "objects" | "outbox" | "snapshots" | "origins">;
	readonly stores: Stores;
	readonly archive: Archive;
	readonly newId: () => string;
	/** This process instance. */
	readonly holder: string;
	readonly clock: Clock;
	/** From 0 to 1. */
	readonly random: () => number;
	readonly report: Report;
	readonly meter: BackupMeter;
	/** Takes what was committed into the journal, if this process has the right to. */
	readonly journal: (signal: AbortSignal) => Promise<unknown>;
}

/** A registry's store and its name. */
export interface NamedStore {
	readonly name: string;
	readonly store: BlobStore;
}

/** What work at the archive, which one process does at a time, has come to. */
export interface Work {
	/** Of the lease that it is done under: larger than that of whoever did it before. */
	readonly fence: number;
	readonly condemned: Condemned;
	readonly copied: { blobs: number; bytes: number };
	/** Objects on their way to the archive, by store and key: of one digest there may be another that is gone. */
	readonly underWay: Map<string, Promise<boolean>>;
	/** Blobs that came with the journal: a list of the archive that was read before does not have them. */
	readonly shipped: Set<string>;
}

/** Work of which nothing is done yet. @param copied what counts, where somebody looks on */
export const beginWork = (
	{ fence, condemned }: Pick<Work, "fence" | "condemned">,
	copied: Work["copied"] = { blobs: 0, bytes: 0 },
): Work => ({
	fence,
	condemned,
	copied,
	underWay: new Map(),
	shipped: new Set(),
});

/** What a blob of a store is called among {@link Work}. */
export const nameOf = (store: string, { digest }: Pick<StoredBlob, "digest">): string => `${store} ${digest}`;

/** A blob that the archive should have. */
interface WantedCopy extends NamedStore {
	readonly blob: StoredBlob;
	/** Whether the journal brings it. */
	readonly isShipped?: boolean;
}

/**
 * Copies a blob into the archive; its digest is checked on the way. One that is on its way already is waited for. False
 * when the registry's store does not have it.
 *
 * @throws BackupError CORRUPT, StoreError
 */
export const copyBlob = async (
	deps: Pick<BackupDeps, "archive" | "newId" | "clock">,
	work: Pick<Work, "copied" | "underWay" | "shipped">,
	wanted: WantedCopy,
	signal: AbortSignal,
): Promise<boolean> => {
	const name = `${wanted.name} ${wanted.blob.key}`;
	const copying = work.underWay.get(name) ?? copy(deps, work, wanted, signal);
	work.underWay.set(name, copying);
	try {
		return await copying;
	} finally {
		work.underWay.delete(name);
	}
};

const copy = async (
	{ archive, newId, clock }: Pick<BackupDeps, "archive" | "newId" | "clock">,
	{ copied, shipped }: Pick<Work, "copied" | "shipped">,
	{ name, store, blob, isShipped = false }: WantedCopy,
	signal: AbortSignal,
): Promise<boolean> => {
	const bytes = await readStoredBlob(store, blob, signal);
	if (bytes === undefined) return false;
	await archive.write(blobKeyOf(name, blob.digest, clock.now(), newId()), bytes, signal);
	if (isShipped) shipped.add(nameOf(name, blob));
	copied.blobs += 1;
	copied.bytes += blob.size;
	return true;
};

/** A blob that a backup needs is not in the registry's store. */
export const missing = (name: string, { digest, key }: StoredBlob): BackupError =>
	new BackupError("INCOMPLETE", `the registry's store ${name} does not have the blob ${digest} under ${key}`);
