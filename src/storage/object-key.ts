/** Longest key in characters: the shortest limit of the object stores, less room for a prefix of the operator's. */
const MAX_KEY_LENGTH = 512;

/** Longest segment: what a file system takes as a file name. */
const MAX_SEGMENT_LENGTH = 255;

const SEGMENT = /^[A-Za-z0-9._-]+$/;

/**
 * Whether `key` may name an object: segments of letters, digits, `.`, `_` and `-`, joined by `/`, none of them empty,
 * `.` or `..`. So a key can never lead out of a store's root, and its characters order as its bytes do.
 */
export const isObjectKey = (key: string): boolean => key.length <= MAX_KEY_LENGTH && key.split("/").every(isKeySegment);

/** @throws RangeError when `key` is none, see {@link isObjectKey}: keys are made by us, so this is a fault of ours */
export const assertObjectKey = (key: string): void => {
	if (!isObjectKey(key)) throw new RangeError(`not an object key: ${JSON.stringify(key.slice(0, MAX_KEY_LENGTH))}`);
};

const isKeySegment = (segment: string): boolean =>
	segment.length <= MAX_SEGMENT_LENGTH && SEGMENT.test(segment) && segment !== "." && segment !== "..";
