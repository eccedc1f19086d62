import { z } from "zod";
import { formatIssues } from "#/lib/format-issues.ts";
import { omitNulls } from "#/lib/omit-nulls.ts";
import { Annotations, Descriptor } from "./descriptor.ts";
import type { Digest } from "./digest.ts";
import { OciError } from "./error.ts";
import { type ManifestBody, readManifestDocument } from "./manifest-document.ts";
import { isManifestMediaType, isNonDistributable, type ManifestMediaType } from "./media-types.ts";
import { readDescriptor } from "./read-descriptor.ts";

/** The largest manifest accepted, in bytes: what the distribution specification asks registries to take ("Pushing Manifests"). */
export const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;

/**
 * The most layers of an image and entries of an index. One of either is a row with two index entries in places of
 * their own, all written in one transaction, for which every other writer of an embedded database waits: about 15 ms
 * and the commit for a thousand, 100 to 250 ms for five thousand. The largest images and indexes in use have some
 * hundreds.
 */
export const MAX_MANIFEST_ENTRIES = 1_000;

/** Type and subtype may have 127 characters each. */
const MAX_TYPE_LENGTH = 255;

/** What a manifest says, in one shape for OCI and Docker, images and indexes. */
export interface ParsedManifest {
	readonly mediaType: ManifestMediaType;
	/** Whether it describes one image or artifact, or lists others. */
	readonly kind: "image" | "index";
	/**
	 * The type under which it is listed as a referrer: its own, or for an image without one its config's.
	 * Absent only for an index that declares none (distribution specification, "Listing Referrers").
	 */
	readonly artifactType?: string;
	/** Present for every image, absent for an index. */
	readonly config?: Descriptor;
	/** Base first; empty for an index. */
	readonly layers: readonly Descriptor[];
	/** What an index lists; empty for an image. */
	readonly manifests: readonly Descriptor[];
	/** The manifest that this one is attached to; it need not exist. */
	readonly subject?: Descriptor;
	readonly annotations?: Readonly<Record<string, string>>;
	/** What must exist as a blob, each once: config, distributable layers, and what an index lists besides manifests. */
	readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
	/** What must exist as a manifest, each once. */
	readonly children: readonly Digest[];
}

const Common = z.preprocess(
	omitNulls,
	z.object({
		schemaVersion: z.literal(2),
		artifactType: z.string().exactOptional(),
		subject: Descriptor.exactOptional(),
		annotations: Annotations.exactOptional(),
	}),
);

/**
 * Reads a manifest as pushed. Members and media types of layers and configs that it does not know are let through,
 * since artifacts of any kind are pushed this way.
 *
 * @param contentType the header as received, parameters and all; absent, the body's own `mediaType` decides
 * @throws OciError MANIFEST_INVALID with a sentence as detail: not a manifest, an unsupported type, ambiguous, or with
 * more than {@link MAX_MANIFEST_ENTRIES} entries
 * @throws OciError MANIFEST_TOO_LARGE above {@link MAX_MANIFEST_BYTES}
 */
export const parseManifest = (contentType: string | undefined, bytes: Uint8Array): ParsedManifest => {
	if (bytes.length > MAX_MANIFEST_BYTES) {
		throw new OciError("MANIFEST_TOO_LARGE", { detail: `${bytes.length} bytes, at most ${MAX_MANIFEST_BYTES}` });
	}
	const { mediaType, kind, body } = readManifestDocument(contentType, bytes);
	return kind === "image" ? image(mediaType, body) : index(mediaType, body);
};

const image = (mediaType: ManifestMediaType, body: ManifestBody): ParsedManifest => {
	const { artifactType, ...rest } = common(body);
	const config = parse(Descriptor, body.config, "config");
	const layers = parseList(body, "layers");
	return {
		mediaType,
		kind: "image",
		artifactType: artifactType ?? listed(config.mediaType, "config.mediaType"),
		...rest,
		config,
		layers,
		manifests: [],
		blobs: uniqueBlobs([config, ...layers]),
		children: [],
	};
};

const index = (mediaType: ManifestMediaType, body: ManifestBody): ParsedManifest => {
	const manifests = parseList(body, "manifests");
	const isManifest = (entry: Descriptor): boolean => isManifestMediaType(entry.mediaType);
	return {
		mediaType,
		kind: "index",
		...common(body),
		layers: [],
		manifests,
		// Build caches are pushed as an index of layers, so an entry of another type is a blob.
		blobs: uniqueBlobs(manifests.filter((entry) => !isManifest(entry))),
		children: [...new Set(manifests.filter(isManifest).map((entry) => entry.digest))],
	};
};

const common = (body: ManifestBody): Pick<ParsedManifest, "artifactType" | "subject" | "annotations"> => {
	const { artifactType, subject, annotations } = parse(Common, body);
	return {
		// Go writes an unset string as an empty one.
		...(artifactType ? { artifactType: listed(artifactType, "artifactType") } : {}),
		...(subject === undefined ? {} : { subject }),
		...(annotations === undefined ? {} : { annotations }),
	};
};

/** A type under which referrers are listed and looked for: as long as RFC 6838 lets it be (§4.2), without a NUL. */
const listed = (type: string, path: string): string => {
	if (type.length <= MAX_TYPE_LENGTH && !type.includes("\0")) return type;
	throw new OciError("MANIFEST_INVALID", {
		detail: `${path}: not a media type of at most ${MAX_TYPE_LENGTH} characters`,
	});
};

/** The descriptors of a list, which may be absent. Stops at the first that is wrong. */
const parseList = (body: ManifestBody, key: "layers" | "manifests"): readonly Descriptor[] => {
	const list = body[key] ?? [];
	if (!Array.isArray(list)) throw new OciError("MANIFEST_INVALID", { detail: `${key}: not a list` });
	if (list.length > MAX_MANIFEST_ENTRIES) {
		throw new OciError("MANIFEST_INVALID", {
			detail: `${key}: ${list.length} entries, at most ${MAX_MANIFEST_ENTRIES}`,
		});
	}
	return list.map((entry, i) => readDescriptor(entry) ?? parse(Descriptor, entry, key, i));
};

const uniqueBlobs = (descriptors: readonly Descriptor[]): ParsedManifest["blobs"] => {
	const sizes = new Map<Digest, number>();
	for (const { mediaType, digest, size } of descriptors) {
		if (isNonDistributable(mediaType)) continue;
		const known = sizes.get(digest) ?? size;
		if (known !== size) {
			throw new OciError("MANIFEST_INVALID", { detail: `${digest} is given two sizes, ${known} and ${size}` });
		}
		sizes.set(digest, size);
	}
	return [...sizes].map(([digest, size]) => ({ digest, size }));
};

const parse = <T>(schema: z.ZodType<T>, value: unknown, ...at: readonly (string | number)[]): T => {
	const result = schema.safeParse(value);
	if (result.success) return result.data;
	const issues = result.error.issues.map(({ path, message }) => ({ path: [...at, ...path], message }));
	throw new OciError("MANIFEST_INVALID", { detail: formatIssues(issues) });
};
