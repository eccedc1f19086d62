import type { Clock } from "#/lib/clock.ts";
import type { Blobs } from "#/metadata/blobs.ts";
import type { Manifests } from "#/metadata/manifests.ts";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { LinkProofs } from "./link-proofs.ts";
import { createManifestCache } from "./manifests/manifest-cache.ts";

/** Of blobs and manifests each; an entry takes some hundred bytes. */
const MAX_PROOFS = 16_384;
/** Of the manifests that are kept for an outage, all together. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** A larger manifest is not kept. */
const MAX_MANIFEST_BYTES = 256 * 1024;

/** Blobs as their repositories say, and as they said up to `maxAgeMs` ago while metadata is unavailable. */
export const blobsOverOutage = (blobs: Blobs, clock: Pick<Clock, "monotonic">, maxAgeMs: number): Blobs => {
	type Found = NonNullable<Awaited<ReturnType<Blobs["find"]>>>;
	const proofs = new LinkProofs<Found>(clock, { maxAgeMs, maxEntries: MAX_PROOFS });
	return {
		...blobs,
		find: async (repository, digest, signal) => {
			let absent: Found | undefined;
			const found = await proofs.read(repository, digest, async () => {
				const answer = await blobs.find(repository, digest, signal);
				if (answer?.blob !== undefined) return answer;
				absent = answer;
				return undefined;
			});
			return found ?? absent;
		},
		unlink: (repository, digest, actor) =>
			proofs.removing(repository, digest, () => blobs.unlink(repository, digest, actor)),
	};
};

/**
 * Manifests by digest as their repositories say, and as they said up to `maxAgeMs` ago while metadata is unavailable.
 * Tags move, so that nothing old is ever said of them.
 */
export const manifestsOverOutage = (
	manifests: Manifests,
	clock: Pick<Clock, "monotonic">,
	maxAgeMs: number,
): Manifests => {
	type Found = NonNullable<Awaited<ReturnType<Manifests["find"]>>>;
	const proofs = new LinkProofs<Found>(clock, { maxAgeMs, maxEntries: MAX_PROOFS });
	const payloads = createManifestCache(MAX_PAYLOAD_BYTES);
	return {
		...manifests,
		find: async (repository, reference, opts, signal) => {
			if (reference.kind === "tag" || maxAgeMs === 0) return await manifests.find(repository, reference, opts, signal);
			const { digest } = reference;
			let answer: Found | undefined;
			const found = await proofs.read(repository, digest, async () => {
				answer = await manifests.find(repository, reference, opts, signal);
				if (answer?.manifest === undefined) return undefined;
				const { payload, ...manifest } = answer.manifest;
				if (payload !== undefined && payload.length <= MAX_MANIFEST_BYTES && payloads.find(digest) === undefined) {
					payloads.put(digest, payload);
				}
				return { ...answer, manifest };
			});
			if (answer !== undefined || found?.manifest === undefined || !opts.payload) return answer ?? found;
			const payload = payloads.find(digest);
			if (payload === undefined) throw new MetadataError("UNAVAILABLE", "the database has the manifest's bytes alone");
			return { ...found, manifest: { ...found.manifest, payload } };
		},
		remove: (repository, digest, actor) =>
			proofs.removing(repository, digest, () => manifests.remove(repository, digest, actor)),
	};
};
