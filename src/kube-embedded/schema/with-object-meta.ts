import { isRecord, type JsonRecord, recordAt } from "./json-record.ts";
import { objectMetaSchema } from "./object-meta-schema.ts";

/** What a schema may say of `metadata` beyond what all objects have. */
const metaProperties = (metadata: JsonRecord): JsonRecord => {
	const known = recordAt(objectMetaSchema, "properties");
	const own = recordAt(metadata, "properties");
	const merged = Object.entries(known).map(([name, schema]) => {
		const extra = own[name];
		return [name, isRecord(schema) && isRecord(extra) ? { ...schema, ...extra } : schema];
	});
	return Object.fromEntries(merged);
};

/** The JSON schema of whole objects: `apiVersion`, `kind` and `metadata` are described in it, whatever its author wrote. */
export const withObjectMeta = (schema: JsonRecord): JsonRecord => {
	const properties = recordAt(schema, "properties");
	const metadata = recordAt(properties, "metadata");
	return {
		...schema,
		type: "object",
		properties: {
			...properties,
			apiVersion: { type: "string", description: "Group and version of the schema of this object." },
			kind: { type: "string", description: "What this object is." },
			metadata: {
				...metadata,
				...objectMetaSchema,
				required: metadata.required ?? [],
				properties: metaProperties(metadata),
			},
		},
	};
};
