import type { Payload } from "#/storage/part-queue.ts";

/** A body that brings an object's metadata and bytes in one request. */
export interface MultipartBody {
	readonly contentType: string;
	readonly body: readonly Uint8Array[];
}

/**
 * The body of a multipart upload (RFC 2387): the metadata with the hash that the service checks, then the bytes. Their
 * own hash is the boundary, which so cannot be among them.
 *
 * @see https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object
 */
export const multipartBody = ({ bytes, md5 }: Payload, metadata: Readonly<Record<string, unknown>>): MultipartBody => {
	const boundary = Buffer.from(md5, "base64").toString("hex");
	const head = [
		`--${boundary}`,
		"content-type: application/json; charset=UTF-8",
		"",
		JSON.stringify({ ...metadata, md5Hash: md5 }),
		`--${boundary}`,
		"content-type: application/octet-stream",
		"",
		"",
	];
	return {
		contentType: `multipart/related; boundary=${boundary}`,
		body: [Buffer.from(head.join("\r\n")), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
	};
};
