import { type Digest, parseDigest } from "./digest.ts";
import type { OciErrorCode } from "./error.ts";
import { isRepositoryName } from "./name.ts";
import { parseReference, type Reference } from "./reference.ts";

/**
 * An endpoint of the distribution specification ("Endpoints"), or of an extension of it, with everything that its path
 * says.
 */
export type V2Endpoint =
	| { readonly kind: "base" }
	| { readonly kind: "catalog" }
	| { readonly kind: "tags"; readonly repository: string }
	| { readonly kind: "manifest"; readonly repository: string; readonly reference: Reference }
	| { readonly kind: "blob"; readonly repository: string; readonly digest: Digest }
	| { readonly kind: "uploads"; readonly repository: string }
	| { readonly kind: "upload"; readonly repository: string; readonly id: string }
	| { readonly kind: "referrers"; readonly repository: string; readonly digest: Digest }
	| { readonly kind: "extensions"; readonly repository: string }
	| { readonly kind: "tagDigests"; readonly repository: string }
	| { readonly kind: "attached"; readonly repository: string };

/** An endpoint's path with a part that breaks its grammar: the error to answer with, unless the method asks for another. */
interface InvalidPath {
	readonly kind: "invalid";
	readonly code: OciErrorCode;
	readonly detail: string;
}

/** What a request's path asks for: an endpoint, an endpoint with a malformed part, or nothing that exists. */
export type V2Path = V2Endpoint | InvalidPath | { readonly kind: "unknown" };

const BASE: V2Path = { kind: "base" };
const CATALOG: V2Path = { kind: "catalog" };
const UNKNOWN: V2Path = { kind: "unknown" };
const BAD_NAME = invalid("NAME_INVALID", "not a repository name of at most 255 characters");
const BAD_TAG = invalid("TAG_INVALID", "not a tag of at most 128 characters");
const BAD_DIGEST = invalid("DIGEST_INVALID", "not sha256 or sha512 with lower-case hex of the right length");
// An id that was never handed out is an upload that is gone: clients then start anew.
const BAD_UPLOAD = invalid("BLOB_UPLOAD_UNKNOWN", "not an upload id");

const MAX_UPLOAD_ID_LENGTH = 64;
const UPLOAD_ID = /^[A-Za-z0-9_-]+$/;
/** The index of the slash that ends `/v2/`. */
const PREFIX_END = 3;

/**
 * Reads the path of a request below `/v2`. Never throws, whatever the text.
 *
 * It is read from the right, because a repository's name may have components such as `manifests` or `uploads`. Of
 * percent-encodings only that of the colon is understood: whatever else the grammar allows needs none, and an encoded
 * slash, dot or NUL thereby stays a malformed name.
 *
 * @param rawPath the path of the request target as received, without its query
 */
export const parsePath = (rawPath: string): V2Path => {
	if (!rawPath.startsWith("/v2/")) return rawPath === "/v2" ? BASE : UNKNOWN;
	const path = decodeColon(rawPath);
	const lastSlash = path.lastIndexOf("/");
	if (lastSlash === PREFIX_END) return path === "/v2/" ? BASE : path === "/v2/_catalog" ? CATALOG : UNKNOWN;
	const slash = path.lastIndexOf("/", lastSlash - 1);
	const last = path.slice(lastSlash + 1);
	switch (path.slice(slash + 1, lastSlash)) {
		case "manifests":
			return manifest(nameBefore(path, slash), last);
		case "blobs":
			return last === "uploads" ? uploads(nameBefore(path, slash)) : blob(nameBefore(path, slash), last);
		case "uploads":
			return belowUploads(path, slash, last);
		case "tags":
			if (last === "digests") return extension("tagDigests", path, slash, "/_limani");
			return last === "list" ? tags(nameBefore(path, slash)) : UNKNOWN;
		case "ext":
			return last === "discover" ? extension("extensions", path, slash, "/_oci") : UNKNOWN;
		case "referrers":
			if (last === "list") return extension("attached", path, slash, "/_limani");
			return referrers(nameBefore(path, slash), last);
		default:
			return UNKNOWN;
	}
};

/** Decodes the first percent-encoding when it is a colon. No path has a second one, and what is left breaks the grammar. */
const decodeColon = (rawPath: string): string => {
	const percent = rawPath.indexOf("%");
	if (percent === -1 || !(rawPath.startsWith("3A", percent + 1) || rawPath.startsWith("3a", percent + 1)))
		return rawPath;
	return `${rawPath.slice(0, percent)}:${rawPath.slice(percent + 3)}`;
};

/** The repository's name, which ends before the given slash; undefined when it is none. */
const nameBefore = (path: string, slash: number): string | undefined => {
	const name = path.slice(PREFIX_END + 1, slash);
	return isRepositoryName(name) ? name : undefined;
};

const belowUploads = (path: string, uploadsSlash: number, id: string): V2Path => {
	const blobsSlash = uploadsSlash - "/blobs".length;
	if (blobsSlash < PREFIX_END || !path.startsWith("/blobs/", blobsSlash)) return UNKNOWN;
	const repository = nameBefore(path, blobsSlash);
	if (id === "") return uploads(repository);
	if (repository === undefined) return BAD_NAME;
	const known = id.length <= MAX_UPLOAD_ID_LENGTH && UPLOAD_ID.test(id);
	return known ? { kind: "upload", repository, id } : BAD_UPLOAD;
};

const manifest = (repository: string | undefined, text: string): V2Path => {
	if (repository === undefined) return BAD_NAME;
	const reference = parseReference(text);
	if (reference !== undefined) return { kind: "manifest", repository, reference };
	return text.includes(":") ? BAD_DIGEST : BAD_TAG;
};

const blob = (repository: string | undefined, text: string): V2Path => {
	if (repository === undefined) return BAD_NAME;
	const digest = parseDigest(text);
	return digest === undefined ? BAD_DIGEST : { kind: "blob", repository, digest };
};

const referrers = (repository: string | undefined, text: string): V2Path => {
	if (repository === undefined) return BAD_NAME;
	const digest = parseDigest(text);
	return digest === undefined ? BAD_DIGEST : { kind: "referrers", repository, digest };
};

const uploads = (repository: string | undefined): V2Path =>
	repository === undefined ? BAD_NAME : { kind: "uploads", repository };

const tags = (repository: string | undefined): V2Path =>
	repository === undefined ? BAD_NAME : { kind: "tags", repository };

/** Below a repository, in a namespace whose underscore no repository's name can begin a component with. */
const extension = (
	kind: "extensions" | "tagDigests" | "attached",
	path: string,
	componentSlash: number,
	namespace: string,
): V2Path => {
	const end = componentSlash - namespace.length;
	if (end <= PREFIX_END || !path.startsWith(namespace, end)) return UNKNOWN;
	const repository = nameBefore(path, end);
	return repository === undefined ? BAD_NAME : { kind, repository };
};

function invalid(code: OciErrorCode, detail: string): InvalidPath {
	return { kind: "invalid", code, detail };
}
