import { Readable } from "node:stream";
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { ByteRange, ObjectStat } from "#/storage/blob-store.ts";
import type { IncomingRange } from "#/storage/open-ranges.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { isStoreError } from "./s3-error.ts";
import { BEFORE_SIGNING, type Payload, signWith } from "./signed-payload.ts";

/** Absent when there is no such object. */
export const headObject = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<ObjectStat | undefined> => {
	try {
		const head = await bucket.request(`stat ${key}`, signal, (client, options) =>
			client.send(new HeadObjectCommand(bucket.at(key)), options),
		);
		if (head.ContentLength === undefined) throw new StoreError("UNAVAILABLE", `stat ${key}: no size in the answer`);
		const { ContentLength: size, LastModified: modified } = head;
		return { key, size, ...(modified && { modifiedAt: modified.getTime() }) };
	} catch (error) {
		if (isStoreError(error, "NOT_FOUND")) return undefined;
		throw error;
	}
};

/** Writes a whole object in one request, in place of what is there. */
export const putObject = async (bucket: Bucket, key: string, payload: Payload, signal: AbortSignal): Promise<void> => {
	await bucket.request(`write ${key}`, signal, (client, options) =>
		client.send(putCommand(bucket, key, payload, {}), options),
	);
};

/**
 * Writes a whole object in one request where none is.
 *
 * @returns false when there was one; it is as it was
 */
export const putNewObject = (bucket: Bucket, key: string, payload: Payload, signal: AbortSignal): Promise<boolean> =>
	bucket.requestIfAbsent(`write ${key}`, signal, (client, options, condition) =>
		client.send(putCommand(bucket, key, payload, condition), options),
	);

const putCommand = (
	bucket: Bucket,
	key: string,
	{ bytes, sha256 }: Payload,
	condition: { readonly IfNoneMatch?: "*" },
): PutObjectCommand => {
	const command = new PutObjectCommand({
		...bucket.at(key),
		...condition,
		Body: bytes,
		ContentLength: bytes.byteLength,
		ContentType: "application/octet-stream",
	});
	command.middlewareStack.add(signWith(sha256), BEFORE_SIGNING);
	return command;
};

/** Success also where there is none. */
export const deleteObject = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> => {
	try {
		await bucket.request(`delete ${key}`, signal, (client, options) =>
			client.send(new DeleteObjectCommand(bucket.at(key)), options),
		);
	} catch (error) {
		if (!isStoreError(error, "NOT_FOUND")) throw error;
	}
};

/**
 * Begins to read. The signal ends the body as well.
 *
 * @throws StoreError NOT_FOUND
 */
export const getObject = async (
	bucket: Bucket,
	key: string,
	range: ByteRange,
	signal: AbortSignal,
): Promise<IncomingRange> => {
	const got = await bucket.request(`read ${key}`, signal, (client, options) =>
		client.send(new GetObjectCommand({ ...bucket.at(key), Range: `bytes=${range.start}-${range.end}` }), options),
	);
	if (!(got.Body instanceof Readable)) throw new StoreError("UNAVAILABLE", `read ${key}: no body in the answer`);
	return { body: got.Body, length: got.ContentLength, total: totalOf(got.ContentRange) };
};

/** `bytes 0-99/1234` → 1234 */
const totalOf = (contentRange: string | undefined): number | undefined => {
	const total = contentRange?.split("/")[1];
	return total !== undefined && /^\d+$/.test(total) ? Number(total) : undefined;
};
