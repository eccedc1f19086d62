import type { ReplicationPolicySpec } from "#/api/replication-policy-spec.ts";
import { compileAny, compilePatterns } from "#/lib/doublestar.ts";

import type { ParsedManifest } from "#/oci/manifest.ts";
import { compileTagFilter } from "./select-tags.ts";

/** What a policy selects, compiled. */
export interface Selection {
	readonly hasRepository: (name: string) => boolean;
	/** The repositories, where the policy names each; absent where it has patterns, and the source must be listed. */
	readonly named: readonly string[] | undefined;
	readonly hasTag: (tag: string) => boolean;
	/** Whether a manifest must be looked into to know whether it is selected, or what of it. */
	readonly looksInside: boolean;
	readonly hasArtifactType: (type: string) => boolean;
	readonly hasPlatform: ((platform: Platform) => boolean) | undefined;
	/** Whether all wanted labels are there. */
	readonly hasLabels: (labels: Readonly<Record<string, string>>) => boolean;
	readonly wantsLabels: boolean;
}

/** What an image needs to run. */
export interface Platform {
	readonly os?: string | undefined;
	readonly architecture?: string | undefined;
	readonly variant?: string | undefined;
}

/** Compiles a policy's filters. @throws PatternError */
export const compileSelection = (filters: ReplicationPolicySpec["filters"]): Selection => {
	const { repositories, tags, artifactTypes, platforms, labels } = filters;
	const isLiteral = repositories.matching.every((pattern) => !/[*?[\]{}\\!^]/.test(pattern));
	const hasRepository = compilePatterns(repositories);
	const wantedLabels = labels.map(parseLabel);
	return {
		hasRepository,
		named: isLiteral ? [...new Set(repositories.matching)].filter(hasRepository) : undefined,
		hasTag: compileTagFilter(tags),
		looksInside: artifactTypes !== undefined || platforms !== undefined || labels.length > 0,
		hasArtifactType: artifactTypes === undefined ? () => true : compileAny(artifactTypes),
		hasPlatform: platforms === undefined ? undefined : (platform) => platforms.some((each) => runsOn(platform, each)),
		hasLabels: (given) =>
			wantedLabels.every(
				({ key, value }) => Object.hasOwn(given, key) && (value === undefined || given[key] === value),
			),
		wantsLabels: labels.length > 0,
	};
};

/** The type that a manifest is selected by: its own, else its config's, else that of the manifest. */
export const artifactTypeOf = (manifest: ParsedManifest): string => manifest.artifactType ?? manifest.mediaType;

const parseLabel = (label: string): { readonly key: string; readonly value: string | undefined } => {
	const at = label.indexOf("=");
	return at === -1 ? { key: label, value: undefined } : { key: label.slice(0, at), value: label.slice(at + 1) };
};

/** Without a variant any is right; where the image tells none, only that. */
const runsOn = ({ os, architecture, variant }: Platform, wanted: string): boolean => {
	const [wantedOs, wantedArchitecture, wantedVariant] = wanted.split("/");
	return (
		os === wantedOs && architecture === wantedArchitecture && (wantedVariant === undefined || variant === wantedVariant)
	);
};
