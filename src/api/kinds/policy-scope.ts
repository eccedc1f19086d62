/** What the kinds of policies have in common: whose projects, when, and what became of the runs. */
import { z } from "zod";
import { instant } from "#/api/fields/instants.ts";
import { wholeList } from "#/api/fields/lists.ts";
import { namespaceName, objectName } from "#/api/fields/names.ts";
import { namePatternsField } from "#/api/fields/patterns.ts";
import { registryRef } from "#/api/fields/references.ts";
import { exactlyOne, immutable, withRules } from "#/api/fields/rules.ts";
import { COMMON_CONDITIONS, COMMON_REASONS, commonStatus } from "#/api/fields/status.ts";
import { cronFields } from "#/api/policy-selectors.ts";
import type { PrinterColumn } from "./kind-definition.ts";

const projectRef = z.object({
	name: objectName.describe("Name of the Project"),
	namespace: namespaceName
		.exactOptional()
		.describe("Namespace of the Project, which must name this one in delegateTo; default: this namespace"),
});

/** Which projects of its Registry a policy is about. */
export const policyScope = {
	registryRef: withRules(registryRef, immutable("registryRef")).describe("The Registry that the policy is in"),
	projectRefs: wholeList(projectRef, 1_000)
		.min(1)
		.exactOptional()
		.describe("Projects that it is about; while one of them is missing or not ready the policy waits as a whole"),
	projectNames: namePatternsField("names of projects")
		.exactOptional()
		.describe("Projects that it is about, by name, those to come too; only in the Registry's own namespace"),
};

/** A policy says in one way which projects it is about. */
export const oneScope = exactlyOne("projectRefs", "projectNames");

/** When a policy runs by itself. */
export const scheduleField = cronFields
	.exactOptional()
	.describe(
		"When it runs, as five fields of cron in UTC, such as 0 3 * * *; default: only when the annotation limani.dev/requestedAt asks for it",
	);

/** What keeps a run from taking away too much. */
export const guardField = (share: number, minimum: number) =>
	z
		.object({
			maxShare: z.int32().min(1).max(100).default(share).describe("Percent that one run may take away"),
			minimum: z.int32().min(0).max(1_000_000).default(minimum).describe("Fewer than so many are never too many"),
		})
		.prefault({})
		.describe("A run that would take away more takes away nothing, and says so");

/** Stops a policy. */
export const suspendField = z
	.boolean()
	.default(false)
	.describe("Whether to begin no run, whatever the schedule and annotations say");

/** What the status says of every run. */
export const runFields = {
	id: z.string().max(64).describe("Which run it is"),
	startTime: instant.describe("When it began"),
	completionTime: instant.exactOptional().describe("When it ended; absent while it goes on"),
	outcome: z
		.enum(["Running", "Succeeded", "Failed", "Stopped", "Interrupted"])
		.describe("What it came to; Stopped: by the guard; Interrupted: by the end of the process, it runs again"),
	message: z.string().max(1_024).describe("What there is to say about it"),
};

/** How many of something a run had to do with. */
export const runCount = z.int().min(0);

/** Runs that a status has at most. */
const MAX_RUNS = 5;

/** What the status of every policy has. @param run what is said of one run */
export const policyStatus = <R extends z.ZodType>(run: R) => ({
	...commonStatus,
	runs: wholeList(run, MAX_RUNS).default([]).describe("The last runs, the newest first"),
	nextRunTime: instant.exactOptional().describe("When it runs next by its schedule"),
});

/** The types of a policy's conditions. */
export const POLICY_CONDITIONS = {
	...COMMON_CONDITIONS,
	Healthy: "The last run that ended did all that it was to do; Unknown before the first. Ready does not depend on it.",
} as const;

/** The reasons of a policy's conditions. */
export const POLICY_REASONS = {
	...COMMON_REASONS,
	NotRunYet: "No run has ended yet.",
	RunSucceeded: "The last run did all that it was to do.",
	RunFailed: "The last run could not do all that it was to do; the message says why.",
	RunStopped: "The last run would have taken away more than the guard allows, and took away nothing.",
	RunInterrupted: "The process that ran it ended; it runs again.",
} as const;

/** Columns that say what became of the last run. */
export const RUN_COLUMNS: readonly PrinterColumn[] = [
	{
		name: "Last run",
		type: "string",
		jsonPath: ".status.runs[0].outcome",
		description: "What the last run came to",
	},
	{
		name: "Ran",
		type: "date",
		jsonPath: ".status.runs[0].startTime",
		description: "How long ago it began",
		priority: 1,
	},
];

/** Columns that say what is to come. For kubectl no date: it tells only how long ago one was. */
export const NEXT_COLUMNS: readonly PrinterColumn[] = [
	{ name: "Next run", type: "string", jsonPath: ".status.nextRunTime", description: "When it runs next" },
	{ name: "Suspended", type: "boolean", jsonPath: ".spec.suspend", description: "Whether it is stopped", priority: 1 },
];
