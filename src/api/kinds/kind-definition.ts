import type { z } from "zod";
import type { CelRule } from "#/api/fields/rules.ts";

/** A column of `kubectl get`. */
export interface PrinterColumn {
	readonly name: string;
	readonly type: "string" | "integer" | "boolean" | "date";
	readonly jsonPath: string;
	readonly description: string;
	/** 1: with `-o wide` alone. @defaultValue 0 */
	readonly priority?: 0 | 1;
}

/** Words with what each of them says. */
interface Vocabulary {
	readonly [word: string]: string;
}

/** A kind of resource: all that its CustomResourceDefinition and its documentation are made from. */
export interface KindDefinition {
	readonly group: string;
	readonly version: string;
	readonly kind: string;
	readonly plural: string;
	readonly namespaced: true;
	readonly singular: string;
	readonly shortNames: readonly string[];
	readonly categories: readonly string[];
	/** One sentence. */
	readonly description: string;
	readonly spec: z.ZodObject;
	readonly status: z.ZodObject;
	/** Rules that look at the resource's name too; `self` is the whole. */
	readonly rules: readonly CelRule[];
	readonly columns: readonly PrinterColumn[];
	/** Paths of fields that a field selector may name, such as `.spec.registryRef.name`. */
	readonly selectableFields: readonly string[];
	readonly scale?: {
		readonly specReplicasPath: string;
		readonly statusReplicasPath: string;
		readonly labelSelectorPath: string;
	};
	/** The types of its conditions, a closed list. */
	readonly conditions: Vocabulary;
	/** The reasons of its conditions, a closed list. */
	readonly reasons: Vocabulary;
}

/** The group of all kinds. */
export const GROUP = "limani.dev";

/** What every kind has in common. */
export const OURS = {
	group: GROUP,
	version: "v1alpha1",
	namespaced: true,
	categories: ["limani", "all"],
} as const;

/** The columns that every kind ends with. */
export const LAST_COLUMNS: readonly PrinterColumn[] = [
	{
		name: "Ready",
		type: "string",
		jsonPath: '.status.conditions[?(@.type=="Ready")].status',
		description: "Whether all that the spec asks for is so",
	},
	{
		name: "Status",
		type: "string",
		jsonPath: '.status.conditions[?(@.type=="Ready")].message',
		description: "What there is to say about it",
	},
	{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp", description: "How long ago it was made" },
];
