import type { RemoteManifest } from "#/client/remote-registry.ts";
import { algorithmOf, type Digest, digestOf } from "#/oci/digest.ts";
import { parseManifest } from "#/oci/manifest.ts";
import { BundleError } from "./bundle-error.ts";

/** Where an image comes from. */
export interface ImageSource {
	/** The manifest or index that the image begins with. */
	readonly root: Digest;
	/** A manifest's bytes, and the type that is known of it from elsewhere; not yet compared with its digest. @throws BundleError */
	manifest(digest: Digest, signal: AbortSignal): Promise<{ readonly payload: Uint8Array; readonly mediaType?: string }>;
	/** A blob's bytes from an offset on, not compared with its digest. @throws BundleError */
	blob(digest: Digest, offset: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** All that an image is made of. */
export interface ImageParts {
	/** What is listed before what lists it; the root is the last. */
	readonly manifests: readonly RemoteManifest[];
	/** Each once. */
	readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

/** Finds the parts of an image, for all its platforms. @throws BundleError where a manifest is not what its digest says */
export const collectImage = async (source: ImageSource, signal: AbortSignal): Promise<ImageParts> => {
	const manifests = new Map<Digest, RemoteManifest>();
	const blobs = new Map<Digest, number>();
	const visit = async (digest: Digest): Promise<void> => {
		if (manifests.has(digest)) return;
		const { payload, mediaType: known } = await source.manifest(digest, signal);
		const actual = digestOf(payload);
		if (actual !== digest) throw new BundleError(`manifest ${digest} was changed: what is there is ${actual}`);
		const { mediaType, blobs: named, children } = parseManifest(known, payload);
		for (const child of children) await visit(child);
		for (const blob of named) blobs.set(assertSha256(blob.digest), blob.size);
		manifests.set(digest, { digest, mediaType, payload });
	};
	await visit(assertSha256(source.root));
	return {
		manifests: [...manifests.values()],
		blobs: [...blobs].map(([digest, size]) => ({ digest, size })),
	};
};

/** SHA-512 would need a second list of checksums. */
const assertSha256 = (digest: Digest): Digest => {
	if (algorithmOf(digest) === "sha256") return digest;
	throw new BundleError(`${digest}: expected a digest by SHA-256`);
};
