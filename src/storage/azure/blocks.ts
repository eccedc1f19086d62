import type { BlobHTTPHeaders } from "@azure/storage-blob";
import type { Payload } from "#/storage/part-queue.ts";
import type { StoredPart } from "#/storage/parted-state.ts";
import { StoreError } from "#/storage/store-error.ts";
import { isStoreError, isTaken } from "./azure-error.ts";
import { deleteBlob, findProperties } from "./blobs.ts";
import type { Container } from "./container.ts";

/** Most blocks that a blob can have. */
export const MAX_BLOCKS = 50_000;

/** The service takes no empty block, so this stands for one, and never becomes part of a blob. */
const MARKER = Buffer.of(0);

const TYPE: BlobHTTPHeaders = { blobContentType: "application/octet-stream" };

/** Whose blob it is: by this, a writer knows its own when the answer to its request was lost. */
const WRITER = "limaniwriter";

/** Stores an uncommitted block. */
export const stageBlock = async (
	container: Container,
	key: string,
	{ id, bytes, md5 }: Payload & { readonly id: string },
	signal: AbortSignal,
): Promise<void> => {
	const content = bytes.byteLength === 0 ? MARKER : toBuffer(bytes);
	const check = bytes.byteLength === 0 ? {} : { transactionalContentMD5: Buffer.from(md5, "base64") };
	await container.blob("write a block of", key, signal, (blob, options) =>
		blob.stageBlock(blockId(id), content, content.byteLength, { ...options, ...check }),
	);
};

/** Sizes of the uncommitted blocks by their ids; none when there is no such blob. */
const listBlocks = async (
	container: Container,
	key: string,
	signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> => {
	try {
		const { uncommittedBlocks = [] } = await container.blob("list the blocks of", key, signal, (blob, options) =>
			blob.getBlockList("uncommitted", options),
		);
		return new Map(uncommittedBlocks.map(({ name, size }) => [Buffer.from(name, "base64").toString(), size]));
	} catch (error) {
		if (isStoreError(error, "NOT_FOUND")) return new Map();
		throw error;
	}
};

/** @throws StoreError NOT_FOUND when one of them is gone, or another one */
export const assertBlocks = async (
	container: Container,
	key: string,
	parts: readonly StoredPart[],
	signal: AbortSignal,
): Promise<void> => {
	const found = await listBlocks(container, key, signal);
	for (const { id, size } of parts) {
		if (found.get(id) !== (size === 0 ? MARKER.byteLength : size)) {
			throw new StoreError("NOT_FOUND", `block ${id} of ${key} is gone`);
		}
	}
};

/** A blob that one writer finishes. */
export interface BlobOfWriter {
	readonly key: string;
	/** Letters and digits that no other writer has. */
	readonly writer: string;
}

/**
 * Writes a whole blob in one request.
 *
 * @returns false when it was refused because of uncommitted blocks, which an earlier writer may have left
 */
export const putBlob = (
	container: Container,
	{ key, writer }: BlobOfWriter,
	{ bytes, md5 }: Payload,
	signal: AbortSignal,
): Promise<boolean> =>
	once(container, { key, writer }, bytes.byteLength, signal, () =>
		container.blob("write", key, signal, (blob, options) =>
			blob.upload(toBuffer(bytes), bytes.byteLength, {
				...options,
				conditions: { ifNoneMatch: "*" },
				metadata: { [WRITER]: writer },
				blobHTTPHeaders: { ...TYPE, blobContentMD5: Buffer.from(md5, "base64") },
			}),
		),
	);

/** Makes the blob of these blocks; others that were staged for it fall away. */
export const commitBlocks = async (
	container: Container,
	{ key, writer }: BlobOfWriter,
	parts: readonly StoredPart[],
	signal: AbortSignal,
): Promise<void> => {
	const size = parts.reduce((sum, part) => sum + part.size, 0);
	const isDone = await once(container, { key, writer }, size, signal, () =>
		container.blob("commit", key, signal, (blob, options) =>
			blob.commitBlockList(
				parts.map(({ id }) => blockId(id)),
				{
					...options,
					conditions: { ifNoneMatch: "*" },
					metadata: { [WRITER]: writer },
					blobHTTPHeaders: TYPE,
				},
			),
		),
	);
	if (!isDone) throw new StoreError("UNAVAILABLE", `commit ${key}: refused because of a blob that is not there`);
};

/** Deletes the blob if this writer made it. */
export const deleteOwnBlob = async (
	container: Container,
	{ key, writer }: BlobOfWriter,
	signal: AbortSignal,
): Promise<void> => {
	const found = await findProperties(container, key, signal);
	if (found?.metadata?.[WRITER] === writer) await deleteBlob(container, key, signal);
};

/**
 * Drops the uncommitted blocks, if there are any: they go when a blob is made without them, and that blob goes at once.
 * Those beside a finished blob go with it, or with a week.
 */
export const discardBlocks = async (container: Container, key: string, signal: AbortSignal): Promise<void> => {
	if ((await listBlocks(container, key, signal)).size === 0) return;
	try {
		await container.blob("discard the blocks of", key, signal, (blob, options) =>
			blob.commitBlockList([], { ...options, conditions: { ifNoneMatch: "*" } }),
		);
	} catch (error) {
		if (isTaken(error)) return;
		throw error;
	}
	await deleteBlob(container, key, signal);
};

/**
 * Makes a blob, where a first request may have done so whose answer was lost.
 *
 * @returns false when it was refused because of a blob that is none
 */
const once = async (
	container: Container,
	{ key, writer }: BlobOfWriter,
	size: number,
	signal: AbortSignal,
	make: () => Promise<unknown>,
): Promise<boolean> => {
	const failure = await failureOf(make);
	if (failure === undefined) return true;
	if (!isTaken(failure) && !isStoreError(failure, "NOT_FOUND")) throw failure;
	const found = await findProperties(container, key, signal);
	if (found === undefined && isTaken(failure)) return false;
	if (found === undefined) throw failure;
	if (found.metadata?.[WRITER] === writer && found.contentLength === size) return true;
	throw new StoreError("CORRUPT", `${key} is there already, from another writer`, { cause: failure });
};

const failureOf = async (action: () => Promise<unknown>): Promise<unknown> => {
	try {
		await action();
		return undefined;
	} catch (error) {
		return error;
	}
};

const blockId = (id: string): string => Buffer.from(id).toString("base64");

/** The same memory, as the SDK wants it. */
const toBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
