import { hash } from "node:crypto";

/** The hash functions that the image specification registers (descriptor.md, "Registered algorithms"). */
export type Algorithm = "sha256" | "sha512";

/** A content address: the algorithm, a colon, and the hash in lower-case hex of exactly the algorithm's length. */
export type Digest = `sha256:${string}` | `sha512:${string}`;

/** `sha256:` and `sha512:` are equally long. */
const PREFIX_LENGTH = 7;
// Lengths are compared apart: with a counted repetition the same test takes three times as long, on every pull.
const SHA256_LENGTH = PREFIX_LENGTH + 64;
const SHA512_LENGTH = PREFIX_LENGTH + 128;
const SHA256 = /^sha256:[0-9a-f]+$/;
const SHA512 = /^sha512:[0-9a-f]+$/;

/** Whether the text is a digest that this registry can verify. Upper-case hex and other algorithms are not. */
export const isDigest = (text: string): text is Digest =>
	(text.length === SHA256_LENGTH && SHA256.test(text)) || (text.length === SHA512_LENGTH && SHA512.test(text));

/** The text as a digest; undefined when it is none, see {@link isDigest}. */
export const parseDigest = (text: string): Digest | undefined => (isDigest(text) ? text : undefined);

/** Which hash function the digest names. */
export const algorithmOf = (digest: Digest): Algorithm => (digest.startsWith("sha512:") ? "sha512" : "sha256");

/** The hash alone, in lower-case hex: 64 characters for sha256, 128 for sha512. */
export const hexOf = (digest: Digest): string => digest.slice(PREFIX_LENGTH);

/**
 * Joins what a hash function gave into a digest.
 *
 * @param hex trusted to be lower-case hex of the algorithm's length, as a hash function gives it; foreign text goes
 * through {@link parseDigest}
 */
export const formatDigest = (algorithm: Algorithm, hex: string): Digest =>
	algorithm === "sha256" ? `sha256:${hex}` : `sha512:${hex}`;

/** The digest of bytes that are in memory. Content of unknown size is hashed as it streams instead. */
export const digestOf = (bytes: Uint8Array, algorithm: Algorithm = "sha256"): Digest =>
	formatDigest(algorithm, hash(algorithm, bytes, "hex"));
