import {
	AbortMultipartUploadCommand,
	CompleteMultipartUploadCommand,
	CreateMultipartUploadCommand,
	ListMultipartUploadsCommand,
	ListPartsCommand,
	UploadPartCommand,
} from "@aws-sdk/client-s3";
import { StoreError } from "#/storage/store-error.ts";
import type { Bucket } from "./bucket.ts";
import { isStoreError } from "./s3-error.ts";
import { BEFORE_SIGNING, type Payload, signWith } from "./signed-payload.ts";

/** An unfinished multipart upload. */
export interface UploadPlace {
	readonly key: string;
	readonly uploadId: string;
}

/** A stored part. */
export interface StoredPart {
	/** From 1. */
	readonly number: number;
	readonly etag: string;
	/** Bytes. */
	readonly size: number;
}

/** Begins an upload and tells its id. */
export const createUpload = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<string> => {
	const { UploadId: uploadId } = await bucket.request(`begin ${key}`, signal, (client, options) =>
		client.send(
			new CreateMultipartUploadCommand({ ...bucket.at(key), ContentType: "application/octet-stream" }),
			options,
		),
	);
	if (uploadId === undefined) throw new StoreError("UNAVAILABLE", `begin ${key}: no upload id in the answer`);
	return uploadId;
};

/**
 * Stores a part, in place of an earlier one of that number.
 *
 * @returns the ETag, by which the upload is completed
 */
export const putPart = async (
	bucket: Bucket,
	{ key, uploadId }: UploadPlace,
	number: number,
	{ bytes, sha256 }: Payload,
	signal: AbortSignal,
): Promise<string> => {
	const doing = `write part ${number} of ${key}`;
	const command = new UploadPartCommand({
		...bucket.at(key),
		UploadId: uploadId,
		PartNumber: number,
		Body: bytes,
		ContentLength: bytes.byteLength,
	});
	command.middlewareStack.add(signWith(sha256), BEFORE_SIGNING);
	const { ETag: etag } = await bucket.request(doing, signal, (client, options) => client.send(command, options));
	if (etag === undefined || etag === "") throw new StoreError("UNAVAILABLE", `${doing}: no ETag in the answer`);
	return etag;
};

/** The stored parts in order of their numbers. @throws StoreError NOT_FOUND when there is no such upload */
export async function* listParts(
	bucket: Bucket,
	{ key, uploadId }: UploadPlace,
	signal: AbortSignal,
): AsyncGenerator<StoredPart, void, undefined> {
	let marker: string | undefined;
	do {
		const page = await bucket.request(`list the parts of ${key}`, signal, (client, options) =>
			client.send(
				new ListPartsCommand({
					...bucket.at(key),
					UploadId: uploadId,
					...(marker !== undefined && { PartNumberMarker: marker }),
				}),
				options,
			),
		);
		for (const { PartNumber: number, ETag: etag, Size: size } of page.Parts ?? []) {
			if (number !== undefined && etag !== undefined && size !== undefined) yield { number, etag, size };
		}
		marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
	} while (marker !== undefined);
}

/** Whether there is such an upload, as far as the service can be asked: true as well when it does not answer. */
export const hasUpload = async (bucket: Bucket, upload: UploadPlace, signal: AbortSignal): Promise<boolean> => {
	try {
		await listParts(bucket, upload, signal).next();
		return true;
	} catch (error) {
		return !isStoreError(error, "NOT_FOUND");
	}
};

/**
 * Makes the object of its parts 1, 2, … with these ETags.
 *
 * @returns false when there is an object under this key already
 * @throws StoreError NOT_FOUND when the upload or a part is gone
 */
export const completeUpload = (
	bucket: Bucket,
	{ key, uploadId }: UploadPlace,
	etags: readonly string[],
	signal: AbortSignal,
): Promise<boolean> => {
	const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
	const input = { ...bucket.at(key), UploadId: uploadId, MultipartUpload: { Parts } };
	return bucket.requestIfAbsent(`complete ${key}`, signal, (client, options, condition) =>
		client.send(new CompleteMultipartUploadCommand({ ...input, ...condition }), options),
	);
};

/** Drops the parts. Success also where there is no such upload. */
export const abortUpload = async (
	bucket: Bucket,
	{ key, uploadId }: UploadPlace,
	signal: AbortSignal,
): Promise<void> => {
	try {
		await bucket.request(`abort ${key}`, signal, (client, options) =>
			client.send(new AbortMultipartUploadCommand({ ...bucket.at(key), UploadId: uploadId }), options),
		);
	} catch (error) {
		if (!isStoreError(error, "NOT_FOUND")) throw error;
	}
};

/**
 * The unfinished uploads whose keys start with `prefix`, in no order to rely on. MinIO tells only those whose key
 * equals the prefix.
 */
export async function* listUploads(
	bucket: Bucket,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<UploadPlace & { readonly begunAt: number | undefined }, void, undefined> {
	const { Bucket: name, Key: namePrefix } = bucket.at(prefix);
	let markers: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
	while (markers !== undefined) {
		const page = await bucket.request(`list the uploads of ${prefix}`, signal, (client, options) =>
			client.send(new ListMultipartUploadsCommand({ Bucket: name, Prefix: namePrefix, ...markers }), options),
		);
		for (const { Key: found, UploadId: uploadId, Initiated: begun } of page.Uploads ?? []) {
			const key = found === undefined ? undefined : bucket.keyOf(found);
			if (key !== undefined && uploadId !== undefined) yield { key, uploadId, begunAt: begun?.getTime() };
		}
		const { NextKeyMarker: key, NextUploadIdMarker: id } = page;
		const isMore: boolean = page.IsTruncated === true && key !== undefined;
		markers = isMore ? { ...(key !== undefined && { KeyMarker: key }), ...(id && { UploadIdMarker: id }) } : undefined;
	}
}
