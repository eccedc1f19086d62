import { compile, type JSONSchema } from "json-schema-to-typescript";
import { formatCrd } from "#/api/crd/format-crd.ts";
import type { StructuralSchema } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";

/** The files of crds/, by name: the definition of each kind, and its types for programs that write resources. */
export const generateCrds = async (): Promise<ReadonlyMap<string, string>> => {
	const files = new Map<string, string>();
	for (const kind of ALL_KINDS) {
		files.set(`${kind.plural}.yaml`, formatCrd(toCrd(kind)));
		files.set(`${kind.plural}.d.ts`, await typesOf(kind));
	}
	return files;
};

const METADATA =
	"{ name: string; namespace?: string; labels?: { [key: string]: string }; annotations?: { [key: string]: string }; [field: string]: unknown }";

const typesOf = async (kind: KindDefinition): Promise<string> => {
	const schema = toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema;
	if (schema === undefined) throw new Error(`${kind.kind} has no version`);
	const { properties = {}, required = [] } = schema;
	const whole = {
		...toJsonSchema(schema),
		properties: {
			apiVersion: { const: `${kind.group}/${kind.version}` },
			kind: { const: kind.kind },
			metadata: { tsType: METADATA },
			spec: toJsonSchema(properties.spec ?? {}),
			status: toJsonSchema(properties.status ?? {}),
		},
		required: ["apiVersion", "kind", "metadata", ...required],
	};
	return compile(whole, kind.kind, {
		bannerComment: "// Generated from the definition beside it. Do not edit.",
		additionalProperties: false,
		ignoreMinAndMaxItems: true,
		style: { useTabs: true, printWidth: 120 },
	});
};

/** Defaults and bounds are the API server's business; types have what may be written. */
const toJsonSchema = (schema: StructuralSchema): JSONSchema => {
	const { type, description, enum: values, properties, items, additionalProperties, required, anyOf } = schema;
	return {
		...(type === undefined ? {} : { type }),
		...(description === undefined ? {} : { description }),
		...(Array.isArray(values) ? { enum: values } : {}),
		...(Array.isArray(anyOf) ? { anyOf } : {}),
		...(required === undefined ? {} : { required: [...required] }),
		...(items === undefined ? {} : { items: toJsonSchema(items) }),
		...(additionalProperties === undefined ? {} : { additionalProperties: toJsonSchema(additionalProperties) }),
		...(properties === undefined
			? {}
			: {
					properties: Object.fromEntries(
						Object.entries(properties).map(([name, child]) => [name, toJsonSchema(child)]),
					),
				}),
	};
};
