import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { builtInSchemas } from "./built-in/built-in-schemas.ts";
import { isRecord, type JsonRecord, listAt, recordAt } from "./json-record.ts";
import { metaSchemas, objectMetaRef } from "./openapi-meta.ts";

/** A kind that is served: built in, or by a CustomResourceDefinition. */
export interface DescribedKind {
	readonly type: ResourceType;
	/** Absent for built-in kinds. */
	readonly crd: KubeObject | undefined;
}

/** The schemas of one OpenAPI v3 document, and how the kinds are called in it. */
export interface OpenApiSchemas {
	/** `components.schemas`. */
	readonly schemas: Readonly<Record<string, unknown>>;
	/** Kind, or kind of a list, to the name of its schema. */
	readonly names: ReadonlyMap<string, string>;
}

/** What kubectl reads of how lists merge, beside what structural schemas say. */
const withPatchHints = (schema: unknown): unknown => {
	if (Array.isArray(schema)) return schema.map(withPatchHints);
	if (!isRecord(schema)) return schema;
	const hinted = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, withPatchHints(value)]));
	const [key] = listAt(schema, "x-kubernetes-list-map-keys");
	if (schema["x-kubernetes-list-type"] === "map")
		return { ...hinted, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": key };
	return schema["x-kubernetes-list-type"] === "set" ? { ...hinted, "x-kubernetes-patch-strategy": "merge" } : hinted;
};

/** `dev.limani.v1alpha1` for `limani.dev`: the group the other way round, as Java packages are. */
const packageOf = ({ group, version }: ResourceType): string => [...group.split(".").reverse(), version].join(".");

const crdSchemaOf = (crd: KubeObject, version: string): JsonRecord => {
	const found = listAt(recordAt(crd, "spec"), "versions").find((one) => isRecord(one) && one.name === version);
	return isRecord(found) ? recordAt(recordAt(found, "schema"), "openAPIV3Schema") : {};
};

const listKindOf = ({ type, crd }: DescribedKind): string => {
	const listKind = crd === undefined ? undefined : recordAt(recordAt(crd, "spec"), "names").listKind;
	return typeof listKind === "string" ? listKind : `${type.kind}List`;
};

const sourceOf = ({ type, crd }: DescribedKind): { readonly packageName: string; readonly schema: unknown } => {
	if (crd !== undefined) return { packageName: packageOf(type), schema: crdSchemaOf(crd, type.version) };
	const builtIn = builtInSchemas.find(({ key }) => key === `${type.group}/${type.kind}`);
	return { packageName: builtIn?.packageName ?? packageOf(type), schema: withPatchHints(builtIn?.schema ?? {}) };
};

const wholeObject = (schema: unknown, type: ResourceType): JsonRecord => {
	const json = isRecord(schema) ? schema : {};
	const { group, version, kind } = type;
	return {
		...json,
		type: "object",
		properties: {
			...recordAt(json, "properties"),
			apiVersion: { type: "string", description: "Group and version of the schema of this object." },
			kind: { type: "string", description: "What this object is." },
			metadata: objectMetaRef,
		},
		"x-kubernetes-group-version-kind": [{ group, version, kind }],
	};
};

const listOf = (name: string, listKind: string, { group, version, kind }: ResourceType): JsonRecord => ({
	type: "object",
	description: `A list of objects of the kind ${kind}.`,
	required: ["items"],
	properties: {
		apiVersion: { type: "string", description: "Group and version of the schema of this list." },
		kind: { type: "string", description: "What this list is." },
		metadata: { allOf: [{ $ref: "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta" }] },
		items: { type: "array", description: "The objects.", items: { allOf: [{ $ref: `#/components/schemas/${name}` }] } },
	},
	"x-kubernetes-group-version-kind": [{ group, version, kind: listKind }],
});

/** Describes the kinds of one group and version for OpenAPI v3: each, its list, and all that they refer to. */
export const openApiOf = (kinds: readonly DescribedKind[]): OpenApiSchemas => {
	const schemas: Record<string, unknown> = { ...metaSchemas(withPatchHints) };
	const names = new Map<string, string>();
	for (const kind of kinds) {
		const { packageName, schema } = sourceOf(kind);
		const name = `${packageName}.${kind.type.kind}`;
		const listKind = listKindOf(kind);
		schemas[name] = wholeObject(schema, kind.type);
		schemas[`${packageName}.${listKind}`] = listOf(name, listKind, kind.type);
		names.set(kind.type.kind, name).set(listKind, `${packageName}.${listKind}`);
	}
	return { schemas, names };
};
