import { z } from "zod";
import { instant } from "#/api/fields/instants.ts";
import { nearRegistryRef } from "#/api/fields/references.ts";
import { immutable, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";

const count = z.int().min(0);

/** The spec of a Backup. */
export const backupKindSpec = withRules(
	z.object({ registryRef: nearRegistryRef.describe("The Registry that is backed up: one of the same namespace") }),
	immutable("a Backup"),
);

/** The status of a Backup. */
export const backupStatus = z.object({
	...commonStatus,
	startedAt: instant.exactOptional().describe("When it began; absent: it has not yet"),
	stoppedAt: instant.exactOptional().describe("When it ended, whatever it came to; absent: it has not yet"),
	backupId: z.string().max(128).exactOptional().describe("What the archive calls it; there once it is whole"),
	archiveDigest: z
		.string()
		.max(64)
		.exactOptional()
		.describe("A digest of the place that it is in: a restore by this Backup needs a Registry that still names it"),
	recoveryPoint: instant.exactOptional().describe("The instant that it restores; there once it is whole"),
	instance: z.string().max(512).exactOptional().describe("Which process of the registry made it, or tried to"),
	copied: z
		.object({
			blobs: count.describe("Blobs that the archive did not have yet"),
			bytes: count.describe("Bytes of those"),
		})
		.exactOptional()
		.describe("What was copied into the archive"),
	verified: count.exactOptional().describe("Blobs whose digest was compared again in the archive"),
	error: z.string().max(1_024).exactOptional().describe("Why it failed; absent: it did not"),
});

/** The kind Backup. */
export const backupKind = {
	...OURS,
	kind: "Backup",
	plural: "backups",
	singular: "backup",
	shortNames: ["lbk"],
	description: "One backup of a Registry, made once, and what came of it.",
	spec: backupKindSpec,
	status: backupStatus,
	rules: [],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "What is backed up" },
		{
			name: "Restores to",
			type: "string",
			jsonPath: ".status.recoveryPoint",
			description: "The instant that it restores",
		},
		{ name: "Started", type: "date", jsonPath: ".status.startedAt", description: "How long ago it began", priority: 1 },
		{ name: "Stopped", type: "date", jsonPath: ".status.stoppedAt", description: "How long ago it ended" },
		{
			name: "Copied",
			type: "integer",
			jsonPath: ".status.copied.bytes",
			description: "Bytes that were copied into the archive",
			priority: 1,
		},
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: COMMON_CONDITIONS,
	reasons: COMMON_REASONS,
} as const satisfies KindDefinition;

/** What a Backup asks for. */
export type BackupKindSpec = z.output<typeof backupKindSpec>;
/** What was observed of a Backup. */
export type BackupStatus = z.output<typeof backupStatus>;
/** A Backup. */
export type Backup = Resource<BackupKindSpec, BackupStatus>;

/** Parses an object of kind Backup; never throws. */
export const parseBackup: (object: { readonly [field: string]: unknown }) => ParsedResource<Backup> =
	resourceParser(backupKind);
