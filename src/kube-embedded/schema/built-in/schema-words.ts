import type { JsonRecord } from "#/kube-embedded/schema/json-record.ts";

/** A string. */
export const text = (description: string): JsonRecord => ({ type: "string", description });

/** A whole number of 32 bits. */
export const int32 = (description: string): JsonRecord => ({ type: "integer", format: "int32", description });

/** A truth. */
export const flag = (description: string): JsonRecord => ({ type: "boolean", description });

/** A time to the second. */
export const time = (description: string): JsonRecord => ({
	type: "string",
	format: "date-time",
	nullable: true,
	description,
});

/** A map of strings. */
export const texts = (description: string): JsonRecord => ({
	type: "object",
	description,
	additionalProperties: { type: "string" },
});

/** A map of bytes, in base64. */
export const bytes = (description: string): JsonRecord => ({
	type: "object",
	description,
	additionalProperties: { type: "string", format: "byte" },
});

/** An object of these fields. */
export const object = (description: string, properties: JsonRecord, more: JsonRecord = {}): JsonRecord => ({
	type: "object",
	description,
	properties,
	...more,
});

/** A list; merged by keys where they are named, else replaced whole. */
export const list = (description: string, items: JsonRecord, ...keys: readonly string[]): JsonRecord => ({
	type: "array",
	description,
	items,
	"x-kubernetes-list-type": keys.length > 0 ? "map" : "atomic",
	...(keys.length > 0 ? { "x-kubernetes-list-map-keys": keys } : {}),
});

/** Names an object, of any kind. */
export const objectReference = (description: string): JsonRecord =>
	object(
		description,
		{
			kind: text("Kind of the object."),
			namespace: text("Its namespace."),
			name: text("Its name."),
			uid: text("Its UID."),
			apiVersion: text("The API version that is meant."),
			resourceVersion: text("The version of the object that is meant."),
			fieldPath: text("The part of the object that is meant."),
		},
		{ "x-kubernetes-map-type": "atomic" },
	);
