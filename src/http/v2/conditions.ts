import type { IncomingHttpHeaders } from "node:http";
import type { TagCondition } from "#/metadata/manifests.ts";
import { OciError } from "#/oci/error.ts";

/** The entity tag of content with this digest. */
export const etagOf = (digest: string): string => `"${digest}"`;

/** If-Match and If-None-Match of a request that changes a tag (RFC 9110 §13.1); undefined when it has neither. */
export const parseTagCondition = (headers: IncomingHttpHeaders): TagCondition | undefined => {
	const ifMatch = parseEtags(headers["if-match"]);
	const ifNoneMatch = parseEtags(headers["if-none-match"]);
	if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
	return {
		...(ifMatch === undefined ? {} : { ifMatch }),
		...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
	};
};

/** Whether a reader already has the content with this digest (RFC 9110 §13.1.2, weak comparison). */
export const isNotModified = (headers: IncomingHttpHeaders, digest: string): boolean => {
	const header = headers["if-none-match"];
	if (header === undefined) return false;
	const etags = parseEtags(header);
	return etags === "*" || (etags?.includes(digest) ?? false);
};

/**
 * What a reader names in If-Match is to be what there is (RFC 9110 §13.1.1).
 *
 * @throws OciError PRECONDITION_FAILED
 */
export const assertMatch = (headers: IncomingHttpHeaders, digest: string): void => {
	const header = headers["if-match"];
	if (header === undefined) return;
	const etags = parseEtags(header);
	if (etags !== "*" && !etags?.includes(digest)) throw new OciError("PRECONDITION_FAILED", { detail: { digest } });
};

const parseEtags = (header: string | undefined): readonly string[] | "*" | undefined => {
	if (header === undefined) return undefined;
	if (header.trim() === "*") return "*";
	return header.split(",").map((part) =>
		part
			.trim()
			.replace(/^W\//, "")
			.replace(/^"(.*)"$/, "$1"),
	);
};
