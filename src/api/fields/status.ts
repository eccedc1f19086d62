import { z } from "zod";
import { instant } from "./instants.ts";
import { listMap } from "./lists.ts";

const condition = z.object({
	type: z
		.string()
		.max(316)
		.regex(/^[A-Z][A-Za-z]*$/)
		.describe("What it is about"),
	status: z.enum(["True", "False", "Unknown"]).describe("Whether it is so"),
	observedGeneration: z.int().min(0).describe("The metadata.generation that it is about"),
	lastTransitionTime: instant.describe("When status last changed"),
	reason: z
		.string()
		.min(1)
		.max(1_024)
		.regex(/^[A-Z][A-Za-z]*$/)
		.describe("Why, as one word of a closed list"),
	message: z.string().max(32_768).describe("Why, for people"),
});

/** What the status of every kind has. */
export const commonStatus = {
	observedGeneration: z
		.int()
		.min(-1)
		.default(-1)
		.describe("The metadata.generation that was last acted upon; -1: none yet"),
	conditions: listMap(condition, ["type"], 16)
		.default([])
		.describe("What is true of it; Ready is the one to wait for, Reconciling and Stalled are there only while True"),
	lastHandledRequestedAt: z
		.string()
		.max(253)
		.exactOptional()
		.describe("The value of the annotation limani.dev/requestedAt that was last acted upon"),
};

/** Condition types that every kind has, with what each says. */
export const COMMON_CONDITIONS = {
	Ready: "All that the spec asks for is so.",
	Reconciling: "Work is going on, or will be tried again; only there while True.",
	Stalled: "Nothing more is tried until the spec, or what it refers to, changes; only there while True.",
} as const;

/** Reasons that every kind has, with what each says. */
export const COMMON_REASONS = {
	Succeeded: "All that the spec asks for is so.",
	Progressing: "Work on this generation has begun and is not done.",
	ProgressingWithRetry: "Something failed that may get better; it is tried again, less often each time.",
	InvalidSpec: "The spec cannot be acted upon; the message names each wrong field.",
	DependencyNotReady: "What the spec refers to does not exist or is not ready; it is watched.",
	NotAllowed: "The spec names what this namespace may not use; the message says whose consent is missing.",
	NotOurs: "An object with the name of one that is to be made belongs to somebody else, and is left alone.",
	Suspended: "spec.suspend is true: nothing is done until it no longer is.",
	Deleting: "It is being deleted; the message says what is waited for.",
	Failed: "Something failed in a way that the other reasons do not tell; the message says what.",
} as const;
