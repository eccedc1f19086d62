import { z } from "zod";
import { duration } from "#/api/fields/durations.ts";
import { listMap, wholeList, wordSet } from "#/api/fields/lists.ts";
import { namespaceName } from "#/api/fields/names.ts";
import { namePatternsField } from "#/api/fields/patterns.ts";
import { byteQuantity } from "#/api/fields/quantities.ts";
import { registryRef } from "#/api/fields/references.ts";
import { type CelRule, immutable, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { userNameField } from "#/api/fields/user-names.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";
import { storageClassName } from "./registry-storage.ts";

const member = z.object({
	kind: z.enum(["User"]).default("User").describe("What the member is"),
	name: userNameField.describe("Name of the member"),
	role: z
		.enum(["admin", "maintainer", "developer", "guest", "limitedGuest"])
		.describe("limitedGuest and guest pull, developer pushes too, maintainer and admin delete too"),
});

const immutabilityRule = z.object({
	repositories: namePatternsField("repositories, without the project before them")
		.prefault({})
		.describe("Repositories that the rule is about; default: all"),
	tags: namePatternsField("tags").prefault({}).describe("Tags that the rule is about; default: all"),
});

/** The spec of a Project. */
export const projectSpec = z.object({
	registryRef: withRules(registryRef, immutable("registryRef")).describe("The Registry that the project is in"),
	projectName: z
		.string()
		.min(1)
		.max(253)
		.regex(/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/, "expected one lower-case component of a repository's name")
		.exactOptional()
		.describe(
			"Name of the project, which the names of its repositories begin with; cannot be changed; default: metadata.name",
		),
	visibility: z
		.enum(["Private", "Internal", "Public"])
		.default("Private")
		.describe("Who may pull: members, everybody who logs in, or everybody"),
	quota: z
		.object({
			storage: byteQuantity
				.exactOptional()
				.describe("Bytes that its blobs and manifests may have in all, each blob counted once, such as 50Gi"),
		})
		.prefault({})
		.describe("How much the project may hold; default: as much as there is room for"),
	storageClassName: storageClassName
		.exactOptional()
		.describe(
			"Which of the Registry's spec.storageClasses keeps its blobs; default: spec.storage of the Registry. When it is changed, what is there moves while it is used",
		),
	tagHistory: z
		.object({
			window: duration
				.default("7d")
				.describe(
					"For how long deleted tags and artifacts, and former places of tags, can be restored; 0s: not at all",
				),
		})
		.prefault({})
		.describe("What can be undone; it counts as what the project holds until its time is over"),
	immutability: wholeList(immutabilityRule, 15)
		.default([])
		.describe("Tags that, once they exist, can be neither moved nor deleted: those that one of the rules is about"),
	sparseIndexes: z.boolean().default(false).describe("Whether an index may name manifests that are not here"),
	members: listMap(member, ["kind", "name"], 1_000).default([]).describe("Who may do what in it, beside robots"),
	delegateTo: z
		.object({
			namespaces: wordSet(namespaceName, 100)
				.default([])
				.describe("Namespaces whose RobotAccounts and policies may name the project"),
		})
		.prefault({})
		.describe("Who else may use the project; default: its own namespace and that of the Registry alone"),
	deletionPolicy: z
		.enum(["Orphan", "Delete"])
		.default("Orphan")
		.describe(
			"What becomes of the repositories when the resource is deleted: they stay, or they go. Those that go come back when the project is applied again within its tagHistory.window, and are removed for good when that is over",
		),
	suspend: z.boolean().default(false).describe("Whether to leave the project as it is, whatever is changed here"),
});

const usage = z.object({
	bytes: z.int().min(0).describe("Bytes of blobs and manifests, each blob counted once"),
	artifacts: z.int().min(0).describe("Manifests, those in indexes too"),
	repositories: z.int().min(0).describe("Repositories"),
});

const move = z.object({
	to: z.string().max(63).describe("Storage class that the project goes to; default is spec.storage of the Registry"),
	repositories: z.int().min(0).describe("Repositories of the project"),
	moved: z.int().min(0).describe("Those of them that are there"),
	copiedBlobs: z.int().min(0).describe("Blobs that were copied so far"),
	copiedBytes: z.int().min(0).describe("Bytes that they have"),
});

/** The status of a Project. */
export const projectStatus = z.object({
	...commonStatus,
	projectName: z.string().max(253).exactOptional().describe("Name of the project in the Registry, once it has it"),
	url: z.string().max(1_024).exactOptional().describe("What names of images in the project begin with: HOST/PROJECT"),
	usage: usage.exactOptional().describe("What the project holds, at most a few minutes ago"),
	move: move.exactOptional().describe("How far it is on its way to another storage class; absent: it is on none"),
});

const NAME = "(has(self.spec.projectName) ? self.spec.projectName : self.metadata.name)";

const nameStays: CelRule = {
	rule: `${NAME} == ${NAME.replaceAll("self.", "oldSelf.")}`,
	message: "projectName cannot be changed",
	fieldPath: ".spec.projectName",
	reason: "FieldValueForbidden",
};

/** The types of a Project's conditions. */
export const PROJECT_CONDITIONS = {
	...COMMON_CONDITIONS,
	StoragePlaced: "All of its blobs are in the storage class that it names, and that answers.",
} as const;

/** The reasons of a Project's conditions. */
export const PROJECT_REASONS = {
	...COMMON_REASONS,
	NameTaken: "Another owner has a claim on the project's name in this Registry.",
	Moving: "It is on its way to another storage class, and is used meanwhile.",
	StorageUnavailable: "A store of blobs does not answer or take what is written; who uses others is not hurt.",
} as const;

/** The kind Project. */
export const projectKind = {
	...OURS,
	kind: "Project",
	plural: "projects",
	singular: "project",
	shortNames: ["proj"],
	description: "A project of a registry: the tenant, with its repositories, members and quota.",
	spec: projectSpec,
	status: projectStatus,
	rules: [nameStays],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "The Registry it is in" },
		{ name: "URL", type: "string", jsonPath: ".status.url", description: "What names of its images begin with" },
		{ name: "Visibility", type: "string", jsonPath: ".spec.visibility", description: "Who may pull" },
		{ name: "Bytes", type: "integer", jsonPath: ".status.usage.bytes", description: "What it holds", priority: 1 },
		{ name: "Quota", type: "string", jsonPath: ".spec.quota.storage", description: "What it may hold", priority: 1 },
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: PROJECT_CONDITIONS,
	reasons: PROJECT_REASONS,
} as const satisfies KindDefinition;

/** What a Project asks for, with defaults. */
export type ProjectSpec = z.output<typeof projectSpec>;
/** What was observed of a Project. */
export type ProjectStatus = z.output<typeof projectStatus>;
/** A Project. */
export type Project = Resource<ProjectSpec, ProjectStatus>;
/** A word of {@link PROJECT_CONDITIONS}. */
export type ProjectCondition = keyof typeof PROJECT_CONDITIONS;
/** A word of {@link PROJECT_REASONS}. */
export type ProjectReason = keyof typeof PROJECT_REASONS;

/** Parses an object of kind Project; never throws. */
export const parseProject: (object: { readonly [field: string]: unknown }) => ParsedResource<Project> =
	resourceParser(projectKind);

/** The name of the project in its Registry. */
export const projectNameOf = ({ metadata, spec }: Pick<Project, "metadata" | "spec">): string =>
	spec.projectName ?? metadata.name;
