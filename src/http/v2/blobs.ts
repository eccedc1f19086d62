import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { empty, json, type Reply } from "#/http/reply.ts";
import type { BlobLocation } from "#/metadata/blobs.ts";
import { formatErrors, OciError } from "#/oci/error.ts";
import type { V2Endpoint } from "#/oci/path.ts";
import type { ByteRange, OpenBlob } from "#/storage/blob-store.ts";
import { assertMatch, etagOf, isNotModified } from "./conditions.ts";
import type { V2Context } from "./context.ts";
import { parseRanges } from "./range.ts";
import { type Part, sendBlob } from "./send-blob.ts";

type BlobPath = Extract<V2Endpoint, { kind: "blob" }>;

/** `GET` and `HEAD /v2/<name>/blobs/<digest>`. */
export const getBlob = async (context: V2Context, path: BlobPath): Promise<Reply> => {
	const { registry, request, signal } = context;
	const blob = await registry.blobs.stat(path.repository, path.digest, signal);
	const headers = headersOf(path.digest);
	assertMatch(request.headers, path.digest);
	if (isNotModified(request.headers, path.digest)) return empty(304, headers);
	const method = request.method === "HEAD" ? "HEAD" : "GET";
	const content = await registry.blobs.content(blob, { method, inline: false }, signal);
	if ("redirect" in content) {
		return empty(307, [
			"Docker-Content-Digest",
			path.digest,
			"Cache-Control",
			"no-store",
			"Location",
			content.redirect,
		]);
	}
	const ranges = rangesOf(context, blob);
	if (ranges?.length === 0) {
		return json(416, formatErrors(new OciError("RANGE_INVALID")), ["Content-Range", `bytes */${blob.size}`]);
	}
	const plan = planBody(blob, ranges);
	if ("bytes" in content) return fromMemory([...headers, ...plan.headers], content.bytes, ranges, plan);
	return {
		status: ranges === undefined ? 200 : 206,
		headers: [...headers, ...plan.headers, "Content-Length", String(plan.length)],
		stream: method === "HEAD" ? endOnly : (response) => stream(response, content.open, plan, signal),
	};
};

/** What is in memory goes out in one piece. */
const fromMemory = (
	headers: readonly string[],
	bytes: Uint8Array,
	ranges: readonly ByteRange[] | undefined,
	{ parts, epilogue }: BodyPlan,
): Reply => {
	if (ranges === undefined) return { status: 200, headers, body: bytes };
	const pieces = parts.flatMap(({ preamble = "", range }) => [
		Buffer.from(preamble),
		range === undefined ? bytes : bytes.subarray(range.start, range.end + 1),
	]);
	return { status: 206, headers, body: Buffer.concat([...pieces, Buffer.from(epilogue)]) };
};

const endOnly = async (response: ServerResponse): Promise<void> => {
	response.end();
};

const headersOf = (digest: string): readonly string[] => [
	"Docker-Content-Digest",
	digest,
	"ETag",
	etagOf(digest),
	"Accept-Ranges",
	"bytes",
	"Cache-Control",
	"max-age=31536000, immutable",
];

/**
 * The ranges to send; undefined for the whole blob. A failing If-Range asks for the whole (RFC 9110 §13.1.5), and only
 * GET has ranges (§14.2).
 */
const rangesOf = ({ request }: V2Context, { digest, size }: BlobLocation): readonly ByteRange[] | undefined => {
	if (request.method !== "GET") return undefined;
	const ifRange = request.headers["if-range"];
	if (ifRange !== undefined && ifRange !== etagOf(digest)) return undefined;
	return parseRanges(request.headers.range, size);
};

/** What will be sent, with headers that say so. */
interface BodyPlan {
	readonly headers: readonly string[];
	/** Bytes of the whole body. */
	readonly length: number;
	readonly parts: readonly Part[];
	readonly epilogue: string;
}

const BLOB_TYPE = "application/octet-stream";

const planBody = ({ size }: BlobLocation, ranges: readonly ByteRange[] | undefined): BodyPlan => {
	const [first, ...others] = ranges ?? [];
	if (ranges === undefined || first === undefined) {
		return {
			headers: ["Content-Type", BLOB_TYPE],
			length: size,
			parts: size === 0 ? [] : [{ range: undefined }],
			epilogue: "",
		};
	}
	if (others.length > 0) return planMultipart(size, ranges);
	return {
		headers: ["Content-Type", BLOB_TYPE, "Content-Range", `bytes ${first.start}-${first.end}/${size}`],
		length: lengthOf(first),
		parts: [{ range: first }],
		epilogue: "",
	};
};

/** Several ranges travel as multipart/byteranges (RFC 9110 §14.6). */
const planMultipart = (size: number, ranges: readonly ByteRange[]): BodyPlan => {
	const boundary = randomBytes(15).toString("hex");
	const parts = ranges.map((range) => ({
		range,
		preamble: `\r\n--${boundary}\r\nContent-Type: ${BLOB_TYPE}\r\nContent-Range: bytes ${range.start}-${range.end}/${size}\r\n\r\n`,
	}));
	const epilogue = `\r\n--${boundary}--\r\n`;
	const length = parts.reduce((sum, part) => sum + part.preamble.length + lengthOf(part.range), epilogue.length);
	return {
		headers: ["Content-Type", `multipart/byteranges; boundary=${boundary}`],
		length,
		parts,
		epilogue,
	};
};

const lengthOf = ({ start, end }: ByteRange): number => end - start + 1;

const stream = async (
	response: ServerResponse,
	open: () => Promise<OpenBlob>,
	plan: BodyPlan,
	signal: AbortSignal,
): Promise<void> => {
	if (plan.parts.length === 0) {
		response.end();
		return;
	}
	await using blob = await open();
	await sendBlob(response, blob, plan.parts, plan.epilogue, signal);
};

/** `DELETE /v2/<name>/blobs/<digest>`. */
export const deleteBlob = async (context: V2Context, { repository, digest }: BlobPath): Promise<Reply> => {
	await context.registry.blobs.remove(repository, digest, context.access.actor, context.signal);
	return empty(202);
};
