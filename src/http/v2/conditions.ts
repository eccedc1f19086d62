import type { IncomingHttpHeaders } from "node:http";
import type { TagCondition } from "#/metadata/manifests.ts";
import { OciError } from "#/oci/error.ts";

/** The entity tag of content with this digest. */
export const etagOf = (digest: string): string => `"${digest}"`;

/** If-Match and If-None-Match of a request that changes a tag (RFC 9110 §13.1); undefined when it has neither. */
export const parseTagCondition = (headers: IncomingHttpHeaders): TagCondition | undefined => {
	const ifMatch = strongOf(headers["if-match"]);
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
	const etags = strongOf(header);
	if (etags !== "*" && !etags?.includes(digest)) throw new OciError("PRECONDITION_FAILED", { detail: { digest } });
};

type Etags = readonly string[] | "*" | undefined;

const parseEtags = (header: string | undefined): Etags => unquote(split(header)?.map((tag) => tag.replace(/^W\//, "")));

/** If-Match compares strongly (RFC 9110 §13.1.1), which a weak entity tag never passes: it names nothing. */
const strongOf = (header: string | undefined): Etags => unquote(split(header)?.filter((tag) => !tag.startsWith("W/")));

const split = (header: string | undefined): readonly string[] | undefined =>
	header?.split(",").map((tag) => tag.trim());

const unquote = (tags: readonly string[] | undefined): Etags =>
	tags?.length === 1 && tags[0] === "*" ? "*" : tags?.map((tag) => tag.replace(/^"(.*)"$/, "$1"));
