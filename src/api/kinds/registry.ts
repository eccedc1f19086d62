import { z } from "zod";
import { podFields } from "#/api/fields/pods.ts";
import { type CelRule, type Rule, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, parseResource, type Resource } from "./parse-resource.ts";
import { allowedNamespaces, registryAuth, registryExposure } from "./registry-access.ts";
import { registryDatabase, registryStorage } from "./registry-storage.ts";

const oneWriter: Rule<{
	readonly replicas: number;
	readonly storage: { readonly filesystem?: unknown };
	readonly database: { readonly postgres?: unknown };
}> = {
	rule: "self.replicas <= 1 || (has(self.database.postgres) && !has(self.storage.filesystem))",
	message:
		"more than one replica needs database.postgres and object storage (s3, gcs or azure): a second process must not open the embedded database",
	fieldPath: ".replicas",
	holds: ({ replicas, storage, database }) =>
		replicas <= 1 || (database.postgres !== undefined && storage.filesystem === undefined),
};

/** The spec of a Registry. */
export const registrySpec = withRules(
	z.object({
		replicas: z
			.int32()
			.min(0)
			.max(100)
			.default(1)
			.describe(
				"How many processes serve; 0: none, and what was pushed stays; more than 1 share a database and a bucket",
			),
		...podFields,
		storage: registryStorage.prefault({ filesystem: {} }).describe("Where blobs are kept; default: files"),
		database: registryDatabase.prefault({ embedded: {} }).describe("Where metadata is kept; default: embedded"),
		exposure: registryExposure.prefault({}).describe("How clients reach it"),
		auth: registryAuth.prefault({}).describe("Who may log in, and how"),
		allowedNamespaces: allowedNamespaces
			.prefault({})
			.describe("Whose Projects and RobotAccounts may name this Registry, beside those of its own namespace"),
		deletionPolicy: z
			.enum(["Retain", "Delete"])
			.default("Retain")
			.describe("What becomes of blobs and metadata when the resource is deleted: they stay, or they go"),
		suspend: z.boolean().default(false).describe("Whether to leave the registry as it is, whatever is changed here"),
	}),
	oneWriter,
);

const usage = z.object({
	logicalBytes: z.int().min(0).describe("Bytes of the blobs and manifests of all projects"),
	projects: z.int().min(0).describe("Projects"),
	repositories: z.int().min(0).describe("Repositories"),
	artifacts: z.int().min(0).describe("Manifests, those in indexes too"),
});

/** The status of a Registry. */
export const registryStatus = z.object({
	...commonStatus,
	url: z.string().max(1_024).exactOptional().describe("Where clients reach it"),
	version: z.string().max(128).exactOptional().describe("Release that serves"),
	replicas: z.int32().min(0).exactOptional().describe("Processes there are"),
	readyReplicas: z.int32().min(0).exactOptional().describe("Processes that serve"),
	selector: z.string().max(1_024).exactOptional().describe("Which pods are its own, as a label selector"),
	usage: usage.exactOptional().describe("What it holds, at most a few minutes ago"),
});

const nameFits: CelRule = {
	rule: "self.metadata.name.matches('^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$')",
	message:
		"the name must be at most 40 lower-case letters, digits and dashes that begin with a letter: Services are named after it",
};

/** The types of a Registry's conditions. */
export const REGISTRY_CONDITIONS = {
	...COMMON_CONDITIONS,
	Available: "At least one process serves, whether or not all that the spec asks for is so.",
} as const;

/** The reasons of a Registry's conditions. */
export const REGISTRY_REASONS = {
	...COMMON_REASONS,
	Serving: "At least one process serves.",
	NotServing: "No process serves, though some should.",
	ScaledToZero: "spec.replicas is 0: none is to serve.",
	InUse: "It is being deleted, and Projects or RobotAccounts that name it are still there.",
} as const;

/** The kind Registry. */
export const registryKind = {
	...OURS,
	kind: "Registry",
	plural: "registries",
	singular: "registry",
	shortNames: ["reg"],
	description: "A container registry: where it keeps what is pushed, how clients reach it, who may log in.",
	spec: registrySpec,
	status: registryStatus,
	rules: [nameFits],
	columns: [
		{ name: "URL", type: "string", jsonPath: ".status.url", description: "Where clients reach it" },
		{
			name: "Replicas",
			type: "integer",
			jsonPath: ".status.readyReplicas",
			description: "Processes that serve",
		},
		{ name: "Version", type: "string", jsonPath: ".status.version", description: "Release that serves", priority: 1 },
		{
			name: "Bytes",
			type: "integer",
			jsonPath: ".status.usage.logicalBytes",
			description: "What it holds",
			priority: 1,
		},
		...LAST_COLUMNS,
	],
	selectableFields: [],
	scale: {
		specReplicasPath: ".spec.replicas",
		statusReplicasPath: ".status.replicas",
		labelSelectorPath: ".status.selector",
	},
	conditions: REGISTRY_CONDITIONS,
	reasons: REGISTRY_REASONS,
} as const satisfies KindDefinition;

/** What a Registry asks for, with defaults. */
export type RegistrySpec = z.output<typeof registrySpec>;
/** What was observed of a Registry. */
export type RegistryStatus = z.output<typeof registryStatus>;
/** A Registry. */
export type Registry = Resource<RegistrySpec, RegistryStatus>;
/** A word of {@link REGISTRY_CONDITIONS}. */
export type RegistryCondition = keyof typeof REGISTRY_CONDITIONS;
/** A word of {@link REGISTRY_REASONS}. */
export type RegistryReason = keyof typeof REGISTRY_REASONS;

/** Parses an object of kind Registry; never throws. */
export const parseRegistry = (object: { readonly [field: string]: unknown }): ParsedResource<Registry> =>
	parseResource(registryKind, object);
