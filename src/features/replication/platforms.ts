import { z } from "zod";
import { type Digest, digestOf, isDigest } from "#/oci/digest.ts";
import type { ParsedManifest } from "#/oci/manifest.ts";
import type { Platform } from "./select.ts";

/** What BuildKit puts on the entry of an attestation, to say which entry of the index it is about. */
const ATTESTED = "vnd.docker.reference.digest";

/** The bytes of an index. */
interface ReducedIndex {
	readonly payload: Uint8Array;
	readonly digest: Digest;
}

const Index = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });

/**
 * The entries of an index that are for one of the platforms, with their attestations. An index that names no platform
 * at all is none of images, and stays whole.
 */
export const keepPlatforms = (
	index: ParsedManifest,
	hasPlatform: (platform: Platform) => boolean,
): ReadonlySet<Digest> => {
	const { manifests } = index;
	if (manifests.every(({ platform }) => platform === undefined)) return new Set(manifests.map(({ digest }) => digest));
	const kept = new Set<Digest>();
	for (const { platform, digest } of manifests) if (platform !== undefined && hasPlatform(platform)) kept.add(digest);
	for (const { annotations, digest } of manifests) {
		const about = annotations?.[ATTESTED];
		if (about !== undefined && isDigest(about) && kept.has(about)) kept.add(digest);
	}
	return kept;
};

/**
 * Rewrites an index so that it lists nothing but what is kept: all else stays as it is and where it is, so that the same
 * index gives the same bytes each time. With all entries kept, these are the bytes that it had.
 */
export const reduceIndex = ({ payload, digest: own }: ReducedIndex, kept: ReadonlySet<Digest>): ReducedIndex => {
	const index = Index.parse(JSON.parse(new TextDecoder().decode(payload)));
	const manifests = index.manifests.filter(({ digest }) => isDigest(digest) && kept.has(digest));
	if (manifests.length === index.manifests.length) return { payload, digest: own };
	const reduced = new TextEncoder().encode(JSON.stringify({ ...index, manifests }));
	return { payload: reduced, digest: digestOf(reduced) };
};
