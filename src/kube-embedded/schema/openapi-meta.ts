import { type JsonRecord, recordAt } from "./json-record.ts";
import { managedFieldsEntrySchema, objectMetaSchema, ownerReferenceSchema } from "./object-meta-schema.ts";

const prefix = "io.k8s.apimachinery.pkg.apis.meta.v1";

const ref = (name: string): JsonRecord => ({
	allOf: [{ $ref: `#/components/schemas/${prefix}.${name}` }],
	default: {},
});

/** How a schema refers to the metadata of objects. */
export const objectMetaRef: JsonRecord = {
	...ref("ObjectMeta"),
	description: "What every object has beside its content.",
};

const objectMeta = (): JsonRecord => {
	const properties = recordAt(objectMetaSchema, "properties");
	return {
		...objectMetaSchema,
		properties: {
			...properties,
			ownerReferences: { ...recordAt(properties, "ownerReferences"), items: ref("OwnerReference") },
			managedFields: { ...recordAt(properties, "managedFields"), items: ref("ManagedFieldsEntry") },
		},
	};
};

const text = { type: "string" };

const listMeta: JsonRecord = {
	type: "object",
	description: "What every list has beside its objects.",
	properties: {
		continue: { ...text, description: "What the next page is asked for with." },
		remainingItemCount: { type: "integer", format: "int64", description: "How many objects are left." },
		resourceVersion: { ...text, description: "The version of the list, from which a watch goes on." },
		selfLink: { ...text, description: "No longer used." },
	},
};

const status: JsonRecord = {
	type: "object",
	description: "The answer to a request that gives no object.",
	properties: {
		apiVersion: text,
		kind: text,
		metadata: ref("ListMeta"),
		status: { ...text, description: "Success or Failure." },
		message: { ...text, description: "What happened, for people." },
		reason: { ...text, description: "Why, in one word." },
		details: { type: "object", description: "More, for programs." },
		code: { type: "integer", format: "int32", description: "The HTTP status." },
	},
	"x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "Status" }],
};

const deleteOptions: JsonRecord = {
	type: "object",
	description: "How to delete.",
	properties: {
		apiVersion: text,
		kind: text,
		dryRun: { type: "array", items: text, description: "All: judge it, delete nothing." },
		gracePeriodSeconds: { type: "integer", format: "int64", description: "Seconds until it is gone." },
		orphanDependents: { type: "boolean", description: "No longer used." },
		preconditions: {
			type: "object",
			description: "What must hold.",
			properties: { resourceVersion: text, uid: text },
		},
		propagationPolicy: { ...text, description: "Orphan, Background or Foreground." },
	},
	"x-kubernetes-group-version-kind": [{ group: "", version: "v1", kind: "DeleteOptions" }],
};

/** The schemas that those of all kinds refer to, by name. */
export const metaSchemas = (withPatchHints: (schema: unknown) => unknown): JsonRecord => ({
	[`${prefix}.ObjectMeta`]: withPatchHints(objectMeta()),
	[`${prefix}.ListMeta`]: listMeta,
	[`${prefix}.OwnerReference`]: ownerReferenceSchema,
	[`${prefix}.ManagedFieldsEntry`]: {
		...managedFieldsEntrySchema,
		properties: { ...recordAt(managedFieldsEntrySchema, "properties"), fieldsV1: ref("FieldsV1") },
	},
	[`${prefix}.FieldsV1`]: { type: "object", description: "A set of fields, as a tree of their names." },
	[`${prefix}.Status`]: status,
	[`${prefix}.DeleteOptions`]: deleteOptions,
	[`${prefix}.Patch`]: { type: "object", description: "A patch." },
});
