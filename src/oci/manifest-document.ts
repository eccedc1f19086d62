import { excerpt } from "#/lib/excerpt.ts";
import { OciError } from "./error.ts";
import { DOCKER_SCHEMA1, isImageMediaType, isManifestMediaType, type ManifestMediaType } from "./media-types.ts";

/** A manifest's members, not yet checked. */
export type ManifestBody = Readonly<Record<string, unknown>>;

/** A manifest of which is known what it claims to be, and that no reader can take for something else. */
export interface ManifestDocument {
	readonly mediaType: ManifestMediaType;
	readonly kind: "image" | "index";
	readonly body: ManifestBody;
}

/** The members that decide what a reader takes a document for. */
const TELLING = ["schemaVersion", "mediaType", "config", "layers", "manifests", "fsLayers", "subject", "artifactType"];
const TELLING_BY_LOWER_CASE = new Map(TELLING.map((key) => [key.toLowerCase(), key]));
/** Members of another kind of manifest, which make a document ambiguous. */
const FOREIGN = { image: ["manifests", "fsLayers"], index: ["config", "layers", "fsLayers"] } as const;

/**
 * Decodes a manifest's bytes and settles its media type.
 *
 * @throws OciError MANIFEST_INVALID when it is no JSON object, of an unsupported type, or of a type in doubt
 */
export const readManifestDocument = (contentType: string | undefined, bytes: Uint8Array): ManifestDocument => {
	const body = decode(bytes);
	assertSpelling(body);
	const mediaType = settleMediaType(contentType, body.mediaType);
	const kind = isImageMediaType(mediaType) ? "image" : "index";
	assertShape(kind, body);
	return { mediaType, kind, body };
};

const decode = (bytes: Uint8Array): ManifestBody => {
	let body: unknown;
	try {
		// A byte order mark is kept, so that it is refused: other readers of JSON refuse it too.
		body = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
	} catch (cause) {
		throw new OciError("MANIFEST_INVALID", { detail: "not JSON in UTF-8", cause });
	}
	if (isRecord(body)) return body;
	throw invalid("not a JSON object");
};

const isRecord = (value: unknown): value is ManifestBody =>
	typeof value === "object" && value !== null && !Array.isArray(value);

/** Readers in Go match members whatever their case, so `Layers` would be layers to them and unknown to us. */
const assertSpelling = (body: ManifestBody): void => {
	for (const key of Object.keys(body)) {
		const meant = TELLING_BY_LOWER_CASE.get(key.toLowerCase());
		if (meant !== undefined && meant !== key) throw invalid(`${key}: must be written ${meant}`);
	}
};

const settleMediaType = (contentType: string | undefined, declared: unknown): ManifestMediaType => {
	if (typeof declared !== "string" && declared !== undefined && declared !== null) {
		throw invalid("mediaType: not a string");
	}
	const sent = withoutParameters(contentType ?? "");
	const own = declared ?? "";
	if (sent !== "" && own !== "" && sent !== own) {
		throw invalid(`Content-Type is ${excerpt(sent)}, but mediaType is ${excerpt(own)}`);
	}
	const mediaType = sent || own;
	if (isManifestMediaType(mediaType)) return mediaType;
	if (mediaType === "") throw invalid("neither Content-Type nor mediaType says what it is");
	if (DOCKER_SCHEMA1.includes(mediaType)) throw invalid("Docker schema 1 is not supported");
	throw invalid(`${excerpt(mediaType)} is not the media type of a manifest`);
};

/** Parameters are ignored (distribution specification, "Pushing Manifests") and case does not matter (RFC 9110, 8.3.1). */
const withoutParameters = (mediaType: string): string => (mediaType.split(";", 1)[0] ?? "").trim().toLowerCase();

/** One digest must mean one thing whatever type it is read as (CVE-2021-41190). */
const assertShape = (kind: "image" | "index", body: ManifestBody): void => {
	for (const key of FOREIGN[kind]) {
		if (body[key] !== undefined && body[key] !== null) throw invalid(`${key}: not a member of an ${kind} manifest`);
	}
	if (kind === "index" && body.manifests === undefined) throw invalid("manifests: required");
};

const invalid = (detail: string): OciError => new OciError("MANIFEST_INVALID", { detail });
