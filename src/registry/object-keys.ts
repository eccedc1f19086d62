import { hash } from "node:crypto";
import { algorithmOf, type Digest, hexOf } from "#/oci/digest.ts";

/** Digits of a segment's number in a key, so that byte order is numeric order. */
const NUMBER_DIGITS = 12;
const NUMBERED = /^(?:journal|snapshot)\/(\d{12})-/;

/** The prefix of every journal segment's key. */
export const JOURNAL_PREFIX = "journal/";
/** The prefix of every snapshot's key. */
export const SNAPSHOT_PREFIX = "snapshot/";

/**
 * The key of a blob's bytes: unique per write, for the upload's id is in it. The two digits in front spread the objects
 * over 256 directories, or over an object store's partitions.
 *
 * @param digest where it is known beforehand, so that the bytes tell what they are even without metadata
 */
export const blobKey = (uploadId: string, digest?: Digest): string => {
	const shard = hash("sha256", uploadId, "hex").slice(0, 2);
	return digest === undefined ? `${shard}/${uploadId}` : `${shard}/${uploadId}.${algorithmOf(digest)}-${hexOf(digest)}`;
};

/** The key of a journal segment. The id keeps two writers of one number apart. */
export const journalKey = (number: number, id: string): string => `${JOURNAL_PREFIX}${pad(number)}-${id}`;

/** The key of a snapshot that contains all segments up to `segment`. */
export const snapshotKey = (segment: number, id: string): string => `${SNAPSHOT_PREFIX}${pad(segment)}-${id}`;

/** The number in a segment's or snapshot's key; undefined for any other key. */
export const numberOfKey = (key: string): number | undefined => {
	const digits = NUMBERED.exec(key)?.[1];
	return digits === undefined ? undefined : Number(digits);
};

const pad = (number: number): string => String(number).padStart(NUMBER_DIGITS, "0");
