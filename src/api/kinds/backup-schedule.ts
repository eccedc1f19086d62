import { z } from "zod";
import { instant } from "#/api/fields/instants.ts";
import { nearRegistryRef } from "#/api/fields/references.ts";
import { type CelRule, immutable, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { cronFields } from "#/api/policy-selectors.ts";
import { type KindDefinition, LAST_COLUMNS, OURS } from "./kind-definition.ts";
import { type ParsedResource, type Resource, resourceParser } from "./parse-resource.ts";

/** The spec of a BackupSchedule. */
export const backupScheduleSpec = z.object({
	registryRef: withRules(nearRegistryRef, immutable("registryRef")).describe(
		"The Registry that is backed up: one of the same namespace",
	),
	schedule: cronFields.describe("When a Backup is made, as five fields of cron in UTC, such as 0 3 * * *"),
	suspend: z
		.boolean()
		.default(false)
		.describe("Whether to make no Backup, whatever the schedule and annotations say; those that are there stay"),
	immediate: z.boolean().default(false).describe("Whether to make one at once as well, when the schedule is made"),
	backupOwnerReference: z
		.enum(["None", "Self", "Registry"])
		.default("None")
		.describe("With what the Backups that it made are deleted; None: they stay, and the archive has them in any case"),
});

const lastBackup = z.object({
	name: z.string().max(253).describe("Name of the Backup"),
	outcome: z.enum(["Running", "Succeeded", "Failed"]).describe("What it came to"),
	recoveryPoint: instant.exactOptional().describe("The instant that it restores; there once it is whole"),
});

/** The status of a BackupSchedule. */
export const backupScheduleStatus = z.object({
	...commonStatus,
	lastScheduleTime: instant.exactOptional().describe("For which time of the schedule a Backup was made last"),
	nextScheduleTime: instant.exactOptional().describe("For which time the next one is made; absent while suspended"),
	lastBackup: lastBackup.exactOptional().describe("The newest Backup that it made and that is still there"),
});

/** The longest name of a BackupSchedule: its Backups bear it as the value of a label. */
const MAX_NAME = 63;

const nameFits: CelRule = {
	rule: `self.metadata.name.size() <= ${MAX_NAME}`,
	message: `the name must be at most ${MAX_NAME} characters: the Backups that it makes are labelled with it`,
};

/** The kind BackupSchedule. */
export const backupScheduleKind = {
	...OURS,
	kind: "BackupSchedule",
	plural: "backupschedules",
	singular: "backupschedule",
	shortNames: ["lbs"],
	description: "When Backups of a Registry are made.",
	spec: backupScheduleSpec,
	status: backupScheduleStatus,
	rules: [nameFits],
	columns: [
		{ name: "Registry", type: "string", jsonPath: ".spec.registryRef.name", description: "What is backed up" },
		{ name: "Schedule", type: "string", jsonPath: ".spec.schedule", description: "When" },
		{
			name: "Last backup",
			type: "string",
			jsonPath: ".status.lastBackup.outcome",
			description: "What the newest Backup came to",
		},
		{
			name: "Restores to",
			type: "string",
			jsonPath: ".status.lastBackup.recoveryPoint",
			description: "The instant that it restores",
			priority: 1,
		},
		{ name: "Next", type: "string", jsonPath: ".status.nextScheduleTime", description: "When the next one is made" },
		{
			name: "Suspended",
			type: "boolean",
			jsonPath: ".spec.suspend",
			description: "Whether it is stopped",
			priority: 1,
		},
		...LAST_COLUMNS,
	],
	selectableFields: [".spec.registryRef.name"],
	conditions: {
		...COMMON_CONDITIONS,
		Healthy:
			"The newest of its Backups that ended is whole, and none that does not end holds others up; Unknown before the first. Ready does not depend on it.",
	},
	reasons: {
		...COMMON_REASONS,
		NotRunYet: "No run has ended yet.",
		BackupSucceeded: "The last backup is whole.",
		BackupFailed: "The last backup failed; its Backup says why.",
		BackupLate: "A Backup does not end, and a time of the schedule was left out for it.",
	},
} as const satisfies KindDefinition;

/** What a BackupSchedule asks for, with defaults. */
export type BackupScheduleSpec = z.output<typeof backupScheduleSpec>;
/** What was observed of a BackupSchedule. */
export type BackupScheduleStatus = z.output<typeof backupScheduleStatus>;
/** A BackupSchedule. */
export type BackupSchedule = Resource<BackupScheduleSpec, BackupScheduleStatus>;

/** Parses an object of kind BackupSchedule; never throws. */
export const parseBackupSchedule: (object: { readonly [field: string]: unknown }) => ParsedResource<BackupSchedule> =
	resourceParser(backupScheduleKind);
