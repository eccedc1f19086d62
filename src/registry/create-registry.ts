import type { Clock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { createBlobService } from "./blob-service.ts";
import { answer } from "./errors.ts";
import type { ManifestCache } from "./manifests/manifest-cache.ts";
import { createManifestService } from "./manifests/manifest-service.ts";
import { blobsOverOutage, manifestsOverOutage } from "./outage-reads.ts";
import { pageOf } from "./page-of.ts";
import type { PullRecorder } from "./pull-recorder.ts";
import type { Registry } from "./registry.ts";
import type { Report } from "./report.ts";
import { SmallBlobs } from "./small-blobs.ts";
import type { Stores } from "./store-named.ts";
import { DEFAULT_UPLOAD_LIMITS, type UploadLimits } from "./uploads/limits.ts";
import { RegistryUploads } from "./uploads/upload-service.ts";

/** What a registry is made of. */
export interface RegistryDeps {
	readonly metadata: Pick<Metadata, "manifests" | "blobs" | "uploads" | "objects" | "repositories" | "tagStates">;
	/** By the names that projects use. */
	readonly stores: Stores;
	/** A new upload id: unique for all time, 1 to 64 letters, digits, `_` and `-`. See `new-id.ts`. */
	readonly newId: () => string;
	readonly clock: Clock;
	/** This process instance: another one, or the next life of this one, has another. */
	readonly holder: string;
	readonly report: Report;
	/** @defaultValue {@link DEFAULT_UPLOAD_LIMITS} */
	readonly limits?: Partial<UploadLimits> | undefined;
	/**
	 * How long content that was read by digest is served while metadata is unavailable, in milliseconds; 0: not at all.
	 * @defaultValue 15 minutes
	 */
	readonly linkProofMs?: number | undefined;
	/**
	 * How long the collector leaves alone what nobody uses, in milliseconds.
	 * @defaultValue 24 hours
	 */
	readonly gcDelayMs?: number | undefined;
	/** Keeps account of pulls. @defaultValue none: nobody asks when something was pulled */
	readonly pulls?: Pick<PullRecorder, "note"> | undefined;
	/** @defaultValue none: payloads come from metadata each time */
	readonly manifestCache?: ManifestCache | undefined;
}

const LINK_PROOF_MS = 900_000;
const GC_DELAY_MS = 86_400_000;

/** Assembles the registry of one process. Before the stores are closed, drain its uploads. */
export const createRegistry = (deps: RegistryDeps): Registry => {
	const { metadata, stores, newId, clock, holder, report, manifestCache, linkProofMs = LINK_PROOF_MS } = deps;
	const { manifests, blobs, uploads, objects, repositories, tagStates } = metadata;
	// Whoever is told of a blob has half of the delay to name it in a manifest.
	const touchMs = (deps.gcDelayMs ?? GC_DELAY_MS) / 2;
	const limits = { ...DEFAULT_UPLOAD_LIMITS, ...deps.limits };
	return {
		manifests: createManifestService({
			manifests: manifestsOverOutage(manifests, clock, linkProofMs),
			tagStates,
			cache: manifestCache,
		}),
		blobs: createBlobService({
			blobs: blobsOverOutage(blobs, clock, linkProofMs),
			stores,
			small: new SmallBlobs(),
			clock,
			touchMs,
		}),
		uploads: new RegistryUploads({ uploads, objects, blobs, stores, newId, clock, holder, report, limits }),
		pulled: ({ repositoryId, digest }) => deps.pulls?.note(repositoryId, digest),
		catalog: (scope, { last, limit }, signal) =>
			answer(async () => {
				const page = await pageOf(limit, (more) => repositories.catalog(scope, { last, limit: more }, signal));
				return { repositories: page?.entries ?? [], more: page?.more ?? false };
			}),
	};
};
