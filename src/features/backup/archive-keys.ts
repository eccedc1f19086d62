/**
 * Where things lie in an archive. A key is written once; the id in it keeps two writers of the same thing apart, so that
 * what is being deleted is never what somebody writes anew.
 */
import { algorithmOf, type Digest, formatDigest, hexOf, isDigest } from "#/oci/digest.ts";

/** Whole backups, a manifest each, the oldest first. */
export const BACKUPS_PREFIX = "backups/";
/** How far the journal was shipped; the last one counts. */
export const MARKS_PREFIX = "marks/";
/** Lists of blobs that are about to be deleted. */
export const CONDEMNED_PREFIX = "condemned/";
/** Whose archive it is. */
export const IDENTITY_PREFIX = "identity/";

const BLOB = /^stores\/[a-z0-9-]+\/blobs\/(sha256|sha512)\/[0-9a-f]{2}\/([0-9a-f]+)\.(\d+)-[^/]+$/;
const SEGMENT = /^stores\/[a-z0-9-]+\/journal\/(\d{12})-([0-9a-f]{64})$/;
const BACKUP = /^backups\/(\d{8}T\d{6}Z-[0-9A-Za-z]+)$/;

/** Blobs of a store, in byte order of their digests. */
export const blobsPrefix = (store: string): string => `stores/${store}/blobs/`;

/** What the key of a blob begins with, whoever wrote it. */
export const blobPrefix = (store: string, digest: Digest): string => {
	const hex = hexOf(digest);
	return `${blobsPrefix(store)}${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}.`;
};

/** The key of a blob that is written at an instant, milliseconds since the epoch. */
export const blobKeyOf = (store: string, digest: Digest, at: number, id: string): string =>
	`${blobPrefix(store, digest)}${at}-${id}`;

/** When the blob under a key was written, milliseconds since the epoch; 0 for any other key. */
export const writtenAt = (key: string): number => Number(BLOB.exec(key)?.[3] ?? 0);

/** The digest of the blob under a key; absent for any other key. */
export const digestOfKey = (key: string): Digest | undefined => {
	const [, algorithm, hex = ""] = BLOB.exec(key) ?? [];
	if (algorithm !== "sha256" && algorithm !== "sha512") return undefined;
	const digest = formatDigest(algorithm, hex);
	return isDigest(digest) ? digest : undefined;
};

/** Segments of a store's journal, in order. */
export const segmentsPrefix = (store: string): string => `stores/${store}/journal/`;

/** What the key of a segment begins with. */
export const segmentPrefix = (store: string, number: number): string =>
	`${segmentsPrefix(store)}${String(number).padStart(12, "0")}-`;

/** The key of a segment; the hash of its bytes is in it, by which they are checked. */
export const segmentKey = (store: string, number: number, hash: string): string =>
	`${segmentPrefix(store, number)}${hash}`;

/** Number and hash of the segment under a key; absent for any other key. */
export const segmentOfKey = (key: string): { readonly number: number; readonly hash: string } | undefined => {
	const [, number, hash] = SEGMENT.exec(key) ?? [];
	return number === undefined || hash === undefined ? undefined : { number: Number(number), hash };
};

/** The records of a store as they were at one instant. */
export const snapshotsPrefix = (store: string): string => `stores/${store}/snapshots/`;

/** A new backup's id: its time first, so that ids order as backups do. */
export const backupId = (at: number, id: string): string =>
	`${new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${id}`;

/** The id of the backup whose manifest lies under a key; absent for any other key. */
export const backupOfKey = (key: string): string | undefined => BACKUP.exec(key)?.[1];
