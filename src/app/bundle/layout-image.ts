import { z } from "zod";
import { type Digest, hexOf, parseDigest } from "#/oci/digest.ts";
import { BundleError } from "./bundle-error.ts";
import type { ImageSource } from "./image-source.ts";

/** Opens a file of a layout, by its path in it, from an offset on. @throws BundleError when it is not there */
export type OpenLayoutFile = (path: string, offset?: number) => AsyncIterable<Uint8Array>;

/** Annotation of the index that says what a manifest is called (image specification, annotations.md). */
export const REF_NAME = "org.opencontainers.image.ref.name";

const indexSchema = z.object({
	manifests: z.array(z.object({ digest: z.string(), annotations: z.record(z.string(), z.string()).optional() })),
});

/** Where a blob or a manifest is in a layout (image specification, image-layout.md). */
export const layoutPath = (digest: Digest): string => `blobs/sha256/${hexOf(digest)}`;

/**
 * The image in a layout: its only one, or the one of that name.
 *
 * @throws BundleError when there is none, or more than one
 */
export const openLayoutImage = async (open: OpenLayoutFile, name?: string): Promise<ImageSource> => {
	const readAll = async (path: string): Promise<Buffer> => Buffer.concat(await Array.fromAsync(open(path)));
	const index = indexSchema.safeParse(parseJson(await readAll("index.json")));
	if (!index.success) throw new BundleError("index.json: expected an index of the OCI image layout");
	const { manifests } = index.data;
	const named = manifests.filter(({ annotations }) => name === undefined || annotations?.[REF_NAME] === name);
	const [entry, ...others] = named;
	const root = parseDigest(entry?.digest ?? "");
	if (root === undefined || others.length > 0) {
		throw new BundleError(`the layout has ${named.length} images${name === undefined ? "" : ` ${name}`}: expected one`);
	}
	return {
		root,
		manifest: async (digest) => ({ payload: await readAll(layoutPath(digest)) }),
		blob: (digest, offset) => open(layoutPath(digest), offset),
	};
};

const parseJson = (bytes: Buffer): unknown => {
	try {
		return JSON.parse(bytes.toString("utf8"));
	} catch {
		return undefined;
	}
};
