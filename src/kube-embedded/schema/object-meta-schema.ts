import type { JsonRecord } from "./json-record.ts";

const string = (description: string) => ({ type: "string", description });
const strings = (description: string) => ({ type: "object", description, additionalProperties: { type: "string" } });
const time = (description: string) => ({ type: "string", format: "date-time", nullable: true, description });

/** A reference to the object that this one belongs to, as JSON schema. */
export const ownerReferenceSchema: JsonRecord = {
	type: "object",
	description: "An object that this one belongs to, in the same namespace or cluster-scoped.",
	required: ["apiVersion", "kind", "name", "uid"],
	"x-kubernetes-map-type": "atomic",
	properties: {
		apiVersion: string("API version of the owner."),
		kind: string("Kind of the owner."),
		name: string("Name of the owner."),
		uid: string("UID of the owner."),
		controller: { type: "boolean", description: "Whether the owner is the one that manages this object." },
		blockOwnerDeletion: {
			type: "boolean",
			description: "Whether a foreground deletion of the owner waits for this object.",
		},
	},
};

/** One entry of `managedFields`, as JSON schema. */
export const managedFieldsEntrySchema: JsonRecord = {
	type: "object",
	description: "Which fields one writer set with one operation through one version.",
	properties: {
		manager: string("Name of the writer."),
		operation: string("Apply or Update."),
		apiVersion: string("The version that the fields are of."),
		time: time("When the fields of this entry were last changed."),
		fieldsType: string("Format of fieldsV1; always FieldsV1."),
		fieldsV1: { type: "object", description: "The fields.", "x-kubernetes-preserve-unknown-fields": true },
		subresource: string("The subresource that was written through; empty for the object itself."),
	},
};

/** ObjectMeta as JSON schema, with how its lists merge. */
export const objectMetaSchema: JsonRecord = {
	type: "object",
	description: "What every object has beside its content.",
	properties: {
		name: string("Name, unique in its namespace."),
		generateName: string("A prefix from which the server makes a name when none is given."),
		namespace: string("The namespace that the object is in; empty for cluster-scoped ones."),
		selfLink: string("No longer used."),
		uid: string("Unique in time and space; set by the server."),
		resourceVersion: string("Which version of the object this is; opaque."),
		generation: { type: "integer", format: "int64", description: "Counts changes of what is wanted." },
		creationTimestamp: time("When the object was created."),
		deletionTimestamp: time("When the deletion was asked for, or the grace ends."),
		deletionGracePeriodSeconds: { type: "integer", format: "int64", description: "Seconds until it is gone." },
		labels: strings("Names and values to select objects by."),
		annotations: strings("Notes of tools; nothing is selected by them."),
		ownerReferences: {
			type: "array",
			description: "Objects that this one goes with.",
			items: ownerReferenceSchema,
			"x-kubernetes-list-type": "map",
			"x-kubernetes-list-map-keys": ["uid"],
		},
		finalizers: {
			type: "array",
			description: "Who has work to do before the object may go.",
			items: { type: "string" },
			"x-kubernetes-list-type": "set",
		},
		managedFields: {
			type: "array",
			description: "Who set which fields.",
			items: managedFieldsEntrySchema,
			"x-kubernetes-list-type": "atomic",
		},
	},
};
