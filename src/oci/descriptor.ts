import { z } from "zod";
import { omitNulls } from "#/lib/omit-nulls.ts";
import { isDigest } from "./digest.ts";

// A schema of elements reports every one that is wrong, and a hostile manifest has room for millions. These stop at the first.
const isText = (value: unknown): boolean => typeof value === "string";

/** Whether the value is a list of nothing but strings. */
export const isTexts = (value: unknown): value is string[] => Array.isArray(value) && value.every(isText);

/** Whether the value is a record of nothing but strings. */
export const isTextMap = (value: unknown): value is Record<string, string> =>
	typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isText);

const Texts = z.custom<string[]>(isTexts, "not a list of texts");

/** What an image needs to run (image specification, image-index.md). Indexes of artifacts leave members of it empty. */
const Platform = z.preprocess(
	omitNulls,
	z.object({
		architecture: z.string().exactOptional(),
		os: z.string().exactOptional(),
		"os.version": z.string().exactOptional(),
		"os.features": Texts.exactOptional(),
		variant: z.string().exactOptional(),
	}),
);

/** Free text by key (image specification, annotations.md). */
export const Annotations = z.custom<Record<string, string>>(isTextMap, "not a map of texts");

/**
 * Names content by type, digest and size, as manifests do (image specification, descriptor.md).
 *
 * Members it does not know are dropped, null counts as absent, and a digest of an algorithm other than sha256 and
 * sha512 is refused, for it could not be verified.
 */
export const Descriptor = z.preprocess(
	omitNulls,
	z.object({
		mediaType: z.string().min(1),
		digest: z.string().refine(isDigest, "not a sha256 or sha512 digest"),
		/** In bytes. */
		size: z.int().nonnegative(),
		annotations: Annotations.exactOptional(),
		/** The type of an artifact, where the content is a manifest. */
		artifactType: z.string().exactOptional(),
		platform: Platform.exactOptional(),
		/** Where else the content is found. */
		urls: Texts.exactOptional(),
		/** The content itself in base64; not compared with the digest, which consumers do. */
		data: z.string().exactOptional(),
	}),
);

/** See the schema of the same name. */
export type Descriptor = z.output<typeof Descriptor>;
