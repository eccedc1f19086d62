import { z } from "zod";
import { cronSchedule, namePatterns, policyProjects, tagPatterns, typePatterns } from "./policy-selectors.ts";

/** Whose ways the other side has: how it gives tokens, and what it lists. */
export const REMOTE_TYPES = [
	"Generic",
	"DockerHub",
	"GHCR",
	"Harbor",
	"GitLab",
	"Quay",
	"ECR",
	"GAR",
	"ACR",
	"SWR",
	"Artifactory",
] as const;

/** The registry on the other side. */
const remote = z.strictObject({
	type: z.enum(REMOTE_TYPES).default("Generic"),
	/** Origin, such as `https://registry.example.com`. */
	url: z.url({ protocol: /^https?$/ }).max(1_024),
	/** PEM certificates to trust beside those of the system. */
	ca: z
		.string()
		.max(256 * 1024)
		.exactOptional(),
	/** For ECR access key and secret key, for GAR `_json_key` and the key file, for ACR also a service principal. */
	credentials: z.strictObject({ username: z.string().max(1_024), password: z.string().max(64 * 1024) }).exactOptional(),
	/** In base64: what a data plane keeps in the place of `credentials`. Nobody hands it over. */
	sealedCredentials: z
		.base64()
		.max(128 * 1024)
		.exactOptional(),
});

const path = z
	.string()
	.max(255)
	.regex(
		/^([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)?$/,
		"expected leading components of a repository's name",
	);

/** A replication policy as it crosses Control. */
export const replicationPolicySpec = z.strictObject({
	/** `namespace/name`, for people. */
	name: z.string().min(1).max(317),
	/** Pull: from the other side to here. Push: from here to there. */
	direction: z.enum(["Pull", "Push"]),
	remote,
	/** Projects of this registry that it may read (Push) or write (Pull). */
	projects: policyProjects,
	filters: z
		.strictObject({
			/** Names as the source has them. */
			repositories: namePatterns.prefault({}),
			tags: tagPatterns.prefault({}),
			/** Globs; absent: all. */
			artifactTypes: typePatterns.min(1).exactOptional(),
			/** `os/architecture[/variant]` of images; of an index with others only these go, under an index of their own. */
			platforms: z
				.array(z.string().regex(/^[a-z0-9]+\/[a-z0-9_]+(\/[a-z0-9]+)?$/))
				.min(1)
				.max(50)
				.exactOptional(),
			/** Labels of the image's configuration or annotations of the manifest, each `key` or `key=value`; all must be there. */
			labels: z.array(z.string().min(1).max(512)).max(50).default([]),
		})
		.prefault({}),
	/** The first whose `from` the name begins with (whole components) replaces that by `to`; none: the name stays. */
	rename: z
		.array(z.strictObject({ from: path, to: path }))
		.max(50)
		.default([]),
	/** Copy adds and moves. Mirror also takes away at the target what was copied there and has gone at the source. */
	mode: z.enum(["Copy", "Mirror"]).default("Copy"),
	guard: z
		.strictObject({
			/** Percent of the target's copies that one run may take away; a run that would take more takes none. */
			maxShare: z.int().min(1).max(100).default(25),
			/** Fewer than so many are never too many. */
			minimum: z.int().min(0).max(1_000_000).default(10),
		})
		.prefault({}),
	/** Absent: only when asked for, or on events. */
	schedule: cronSchedule.exactOptional(),
	/** Push alone: soon after something changed here. */
	onEvent: z.boolean().default(false),
	/** Whether signatures, SBOMs and other referrers go with what they refer to. */
	referrers: z.boolean().default(true),
	/** Bytes in a second, of this policy; absent: as many as there are. */
	bandwidth: z.int().min(1_024).exactOptional(),
	/** Transfers at the same time. */
	concurrency: z.int().min(1).max(64).default(4),
	suspend: z.boolean().default(false),
	/** Another word than the last one asks for a run now. */
	requestedAt: z.string().min(1).max(128).exactOptional(),
});

/** A replication policy, with its defaults. */
export type ReplicationPolicySpec = z.output<typeof replicationPolicySpec>;
/** The registry on the other side. */
export type RemoteSpec = ReplicationPolicySpec["remote"];
