import { Readable } from "node:stream";
import type { BlobGetPropertiesResponse } from "@azure/storage-blob";
import type { ByteRange, ObjectStat } from "#/storage/blob-store.ts";
import type { IncomingRange, RangedObject } from "#/storage/open-ranges.ts";
import { StoreError } from "#/storage/store-error.ts";
import { isStoreError, toStoreError } from "./azure-error.ts";
import type { Container } from "./container.ts";

/** Absent when there is no such blob; one of which there are only blocks is none. */
export const findProperties = async (
	container: Container,
	key: string,
	signal: AbortSignal,
): Promise<BlobGetPropertiesResponse | undefined> => {
	try {
		return await container.blob("stat", key, signal, (blob, options) => blob.getProperties(options));
	} catch (error) {
		if (isStoreError(error, "NOT_FOUND")) return undefined;
		throw error;
	}
};

/** Absent when there is no such blob. */
export const statBlob = async (
	container: Container,
	key: string,
	signal: AbortSignal,
): Promise<ObjectStat | undefined> => {
	const properties = await findProperties(container, key, signal);
	if (properties === undefined) return undefined;
	const { contentLength: size, lastModified } = properties;
	if (size === undefined) throw new StoreError("UNAVAILABLE", `stat ${key}: no size in the answer`);
	return { key, size, ...(lastModified && { modifiedAt: lastModified.getTime() }) };
};

/** Success also where there is none. */
export const deleteBlob = async (container: Container, key: string, signal: AbortSignal): Promise<void> => {
	try {
		await container.blob("delete", key, signal, (blob, options) => blob.delete(options));
	} catch (error) {
		if (!isStoreError(error, "NOT_FOUND")) throw error;
	}
};

/** A finished blob as it is read. */
export const readableBlob = (container: Container, { key, size }: ObjectStat): RangedObject => ({
	key,
	size,
	toStoreError,
	get: (range, signal) => getRange(container, key, range, signal),
});

const getRange = async (
	container: Container,
	key: string,
	{ start, end }: ByteRange,
	signal: AbortSignal,
): Promise<IncomingRange> => {
	const got = await container.blob("read", key, signal, (blob, options) =>
		// Broken answers are asked for anew by who reads, with a count of its own.
		blob.download(start, end + 1 - start, { ...options, maxRetryRequests: 0 }),
	);
	const body = got.readableStreamBody;
	if (!(body instanceof Readable)) throw new StoreError("UNAVAILABLE", `read ${key}: no body in the answer`);
	return { body, length: got.contentLength, total: totalOf(got.contentRange) };
};

/** `bytes 0-99/1234` → 1234 */
const totalOf = (contentRange: string | undefined): number | undefined => {
	const total = contentRange?.split("/")[1];
	return total !== undefined && /^\d+$/.test(total) ? Number(total) : undefined;
};
