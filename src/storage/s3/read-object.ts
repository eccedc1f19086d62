import type { RangedObject } from "#/storage/open-ranges.ts";
import type { Bucket } from "./bucket.ts";
import { getObject } from "./objects.ts";
import { toStoreError } from "./s3-error.ts";

/** A finished object as it is read. */
export const readableObject = (
	bucket: Bucket,
	{ key, size }: { readonly key: string; readonly size: number },
): RangedObject => ({
	key,
	size,
	toStoreError,
	get: (range, signal) => getObject(bucket, key, range, signal),
});
