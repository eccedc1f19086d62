import { z } from "zod";
import { RemoteError } from "#/client/remote-error.ts";
import type { RemoteManifest } from "#/client/remote-registry.ts";
import type { Descriptor } from "#/oci/descriptor.ts";
import type { Digest } from "#/oci/digest.ts";
import { OciError } from "#/oci/error.ts";
import { type ParsedManifest, parseManifest } from "#/oci/manifest.ts";
import { DOCKER_CONFIG, isManifestMediaType, OCI_CONFIG } from "#/oci/media-types.ts";
import { keepPlatforms, reduceIndex } from "./platforms.ts";
import { artifactTypeOf, type Platform, type Selection } from "./select.ts";

/** A manifest and what it says. */
export interface ReadManifest extends RemoteManifest {
	readonly parsed: ParsedManifest;
}

/** What a look inside needs of the source. */
export interface Inside {
	readonly manifest: (digest: Digest) => Promise<ReadManifest>;
	/** The bytes of a small blob. */
	readonly blob: (descriptor: Descriptor) => Promise<Uint8Array>;
}

/** Reads a manifest that was copied. @throws RemoteError INVALID when it is none that this registry knows */
export const readManifest = (manifest: RemoteManifest): ReadManifest => {
	try {
		return { ...manifest, parsed: parseManifest(manifest.mediaType, manifest.payload) };
	} catch (cause) {
		if (!(cause instanceof OciError)) throw cause;
		const detail = typeof cause.detail === "string" ? `: ${cause.detail}` : "";
		throw invalid(`${manifest.digest} is no manifest to be copied${detail}`, cause);
	}
};

/** What of an artifact is selected: the whole, an index of some of its entries, or nothing (undefined). */
export const chooseArtifact = async (
	manifest: ReadManifest,
	selection: Selection,
	inside: Inside,
): Promise<ReadManifest | undefined> => {
	if (!selection.looksInside) return manifest;
	if (!selection.hasArtifactType(artifactTypeOf(manifest.parsed))) return undefined;
	const chosen = await choosePlatforms(manifest, selection, inside);
	if (chosen === undefined || !selection.wantsLabels) return chosen;
	return (await hasLabels(chosen, selection, inside)) ? chosen : undefined;
};

const choosePlatforms = async (
	manifest: ReadManifest,
	{ hasPlatform }: Selection,
	inside: Inside,
): Promise<ReadManifest | undefined> => {
	if (hasPlatform === undefined) return manifest;
	const { parsed } = manifest;
	if (parsed.kind === "index") {
		const kept = keepPlatforms(parsed, hasPlatform);
		if (kept.size === 0 && parsed.manifests.length > 0) return undefined;
		const { payload, digest } = reduceIndex(manifest, kept);
		return digest === manifest.digest ? manifest : readManifest({ payload, digest, mediaType: manifest.mediaType });
	}
	const config = await readConfig(parsed, inside);
	// What is no container image runs nowhere, and goes.
	return config === undefined || hasPlatform(config.platform) ? manifest : undefined;
};

const hasLabels = async (
	{ parsed }: ReadManifest,
	{ hasLabels: isWanted }: Selection,
	inside: Inside,
): Promise<boolean> => {
	const annotations = parsed.annotations ?? {};
	if (isWanted(annotations)) return true;
	if (parsed.kind === "image") {
		return isWanted({ ...(await readConfig(parsed, inside))?.labels, ...annotations });
	}
	for (const { digest, mediaType } of parsed.manifests) {
		if (!isManifestMediaType(mediaType)) continue;
		const child = await inside.manifest(digest);
		const config = await readConfig(child.parsed, inside);
		if (isWanted({ ...config?.labels, ...child.parsed.annotations, ...annotations })) return true;
	}
	return false;
};

const Config = z.object({
	os: z.string().optional(),
	architecture: z.string().optional(),
	variant: z.string().optional(),
	config: z.object({ Labels: z.record(z.string(), z.string()).nullish() }).nullish(),
});

/** Undefined: it is no container image. */
const readConfig = async (
	{ config }: ParsedManifest,
	inside: Inside,
): Promise<{ readonly platform: Platform; readonly labels: Readonly<Record<string, string>> } | undefined> => {
	if (config === undefined || (config.mediaType !== OCI_CONFIG && config.mediaType !== DOCKER_CONFIG)) return undefined;
	const bytes = await inside.blob(config);
	try {
		const { os, architecture, variant, config: run } = Config.parse(JSON.parse(new TextDecoder().decode(bytes)));
		return { platform: { os, architecture, variant }, labels: run?.Labels ?? {} };
	} catch (cause) {
		throw invalid(`the configuration ${config.digest} cannot be read`, cause);
	}
};

const invalid = (message: string, cause: unknown): RemoteError => new RemoteError("INVALID", message, { cause });
