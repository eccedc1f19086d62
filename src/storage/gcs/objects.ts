import type { z } from "zod";
import type { ByteRange, ObjectStat } from "#/storage/blob-store.ts";
import type { IncomingRange, RangedObject } from "#/storage/open-ranges.ts";
import type { Payload } from "#/storage/part-queue.ts";
import { StoreError } from "#/storage/store-error.ts";
import { listAnswer, type ObjectAnswer, objectAnswer } from "./answers.ts";
import type { Bucket } from "./bucket.ts";
import { isStoreError, isTaken, toStoreError } from "./gcs-error.ts";
import { multipartBody } from "./multipart-body.ts";

const FIELDS = "name,size,updated,metadata";

const CONTENT_TYPE = "application/octet-stream";

/** Whose object it is: by this, a writer knows its own when the answer to its request was lost. */
const WRITER = "limani-writer";

/** No object of the name may be there. */
const ONCE = { ifGenerationMatch: "0", fields: FIELDS };

/** An object that one writer makes. */
export interface ObjectOfWriter {
	readonly key: string;
	/** An id that no other writer has. */
	readonly writer: string;
}

/** Absent when there is no such object. */
export const statObject = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<ObjectStat | undefined> => {
	const found = await findObject(bucket, key, signal);
	return found && toStat(key, found);
};

/** Writes a whole object in one request, never over another one. */
export const insertObject = async (
	bucket: Bucket,
	{ key, writer }: ObjectOfWriter,
	payload: Payload,
	signal: AbortSignal,
): Promise<void> => {
	const metadata = { name: bucket.nameOf(key), contentType: CONTENT_TYPE, metadata: { [WRITER]: writer } };
	const { contentType, body } = multipartBody(payload, metadata);
	await once(bucket, { key, writer }, payload.bytes.byteLength, signal, () =>
		bucket.ask(
			`write ${key}`,
			{
				method: "POST",
				service: "upload/storage",
				path: "/o",
				query: { ...ONCE, uploadType: "multipart" },
				headers: { "content-type": contentType },
				body,
			},
			signal,
		),
	);
};

/** An object that becomes part of another one. */
export interface Component {
	readonly key: string;
	/** Bytes. */
	readonly size: number;
}

/** Most components of one request. */
export const MAX_COMPONENTS = 32;

/**
 * Makes an object of others, which stay, never over another one.
 *
 * @param components at least one, at most {@link MAX_COMPONENTS}
 * @throws StoreError NOT_FOUND when one of them is gone
 */
export const composeObject = async (
	bucket: Bucket,
	{ key, writer }: ObjectOfWriter,
	components: readonly Component[],
	signal: AbortSignal,
): Promise<void> => {
	const content = {
		destination: { contentType: CONTENT_TYPE, metadata: { [WRITER]: writer } },
		sourceObjects: components.map((component) => ({ name: bucket.nameOf(component.key) })),
	};
	const size = components.reduce((sum, component) => sum + component.size, 0);
	await once(bucket, { key, writer }, size, signal, () =>
		bucket.ask(
			`compose ${key}`,
			{
				method: "POST",
				path: `${bucket.pathOf(key)}/compose`,
				query: ONCE,
				headers: { "content-type": "application/json" },
				body: [Buffer.from(JSON.stringify(content))],
			},
			signal,
		),
	);
};

/** Success also where there is none. */
export const deleteObject = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<void> => {
	try {
		await bucket.ask(`delete ${key}`, { method: "DELETE", path: bucket.pathOf(key) }, signal);
	} catch (error) {
		if (!isStoreError(error, "NOT_FOUND")) throw error;
	}
};

/** Deletes the object if this writer made it. */
export const deleteOwnObject = async (
	bucket: Bucket,
	{ key, writer }: ObjectOfWriter,
	signal: AbortSignal,
): Promise<void> => {
	const found = await findObject(bucket, key, signal);
	if (found?.metadata?.[WRITER] === writer) await deleteObject(bucket, key, signal);
};

/** The objects whose keys start with `prefix`, parts included, in byte order of their names. */
export async function* listObjects(
	bucket: Bucket,
	prefix: string,
	signal: AbortSignal,
): AsyncGenerator<ObjectStat, void, undefined> {
	let token: string | undefined;
	do {
		const query = {
			prefix: bucket.nameOf(prefix),
			maxResults: "1000",
			fields: `items(${FIELDS}),nextPageToken`,
			...(token !== undefined && { pageToken: token }),
		};
		const answer = await bucket.ask(`list ${prefix}`, { method: "GET", path: "/o", query }, signal);
		const page = parse(listAnswer, answer ?? {}, `list ${prefix}`);
		for (const item of page.items) {
			const key = bucket.keyOf(item.name);
			if (key !== undefined) yield toStat(key, item);
		}
		token = page.nextPageToken === "" ? undefined : page.nextPageToken;
	} while (token !== undefined);
}

/** A finished object as it is read. */
export const readableObject = (bucket: Bucket, { key, size }: Pick<ObjectStat, "key" | "size">): RangedObject => ({
	key,
	size,
	toStoreError,
	get: (range, signal) => getRange(bucket, key, range, signal),
});

const getRange = async (
	bucket: Bucket,
	key: string,
	{ start, end }: ByteRange,
	signal: AbortSignal,
): Promise<IncomingRange> => {
	const body = await bucket.stream(
		`read ${key}`,
		{
			method: "GET",
			path: bucket.pathOf(key),
			query: { alt: "media" },
			headers: { range: `bytes=${start}-${end}` },
		},
		signal,
	);
	const { "content-length": length, "content-range": range } = body.headers;
	return { body, length: toCount(length), total: toCount(range?.split("/")[1]) };
};

const findObject = async (bucket: Bucket, key: string, signal: AbortSignal): Promise<ObjectAnswer | undefined> => {
	const doing = `stat ${key}`;
	try {
		const answer = await bucket.ask(
			doing,
			{ method: "GET", path: bucket.pathOf(key), query: { fields: FIELDS } },
			signal,
		);
		return parse(objectAnswer, answer, doing);
	} catch (error) {
		if (isStoreError(error, "NOT_FOUND")) return undefined;
		throw error;
	}
};

/** Makes an object, where a first request may have done so whose answer was lost. */
const once = async (
	bucket: Bucket,
	{ key, writer }: ObjectOfWriter,
	size: number,
	signal: AbortSignal,
	make: () => Promise<unknown>,
): Promise<void> => {
	const made = await unlessTaken(make);
	const doing = `write ${key}`;
	const found = made === undefined ? await findObject(bucket, key, signal) : parse(objectAnswer, made, doing);
	if (found === undefined)
		throw new StoreError("UNAVAILABLE", `${doing}: refused because of an object that is not there`);
	if (made === undefined && found.metadata?.[WRITER] !== writer) {
		throw new StoreError("CORRUPT", `${key} is there already, from another writer`);
	}
	if (found.size !== size) throw new StoreError("CORRUPT", `${key} has ${found.size} bytes of ${size}`);
};

/** Undefined when there is an object already. */
const unlessTaken = async (make: () => Promise<unknown>): Promise<unknown> => {
	try {
		return await make();
	} catch (error) {
		if (isTaken(error)) return undefined;
		throw error;
	}
};

const parse = <Schema extends z.ZodType>(schema: Schema, answer: unknown, doing: string): z.output<Schema> => {
	const parsed = schema.safeParse(answer);
	if (parsed.success) return parsed.data;
	throw new StoreError("UNAVAILABLE", `${doing}: an answer that is none`, { cause: parsed.error });
};

const toStat = (key: string, { size, updated }: ObjectAnswer): ObjectStat => {
	const modifiedAt = Date.parse(updated ?? "");
	return { key, size, ...(Number.isFinite(modifiedAt) && { modifiedAt }) };
};

const toCount = (text: string | undefined): number | undefined =>
	text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
