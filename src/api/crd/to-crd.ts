import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { type StructuralSchema, toStructural, withDefaults } from "./structural-schema.ts";

/** A CustomResourceDefinition (apiextensions.k8s.io/v1). */
export interface CustomResourceDefinition {
	readonly apiVersion: "apiextensions.k8s.io/v1";
	readonly kind: "CustomResourceDefinition";
	readonly metadata: { readonly name: string };
	readonly spec: {
		readonly group: string;
		readonly scope: "Namespaced";
		readonly names: {
			readonly kind: string;
			readonly listKind: string;
			readonly plural: string;
			readonly singular: string;
			readonly shortNames: readonly string[];
			readonly categories: readonly string[];
		};
		readonly versions: readonly CustomResourceVersion[];
	};
	readonly [field: string]: unknown;
}

/** One version of a kind. */
interface CustomResourceVersion {
	readonly name: string;
	readonly served: true;
	readonly storage: true;
	readonly schema: { readonly openAPIV3Schema: StructuralSchema };
	readonly subresources: { readonly status: object; readonly scale?: object };
	readonly additionalPrinterColumns: readonly object[];
	readonly selectableFields?: readonly { readonly jsonPath: string }[];
}

/** The definition that makes an API server serve a kind. */
export const toCrd = (kind: KindDefinition): CustomResourceDefinition => ({
	apiVersion: "apiextensions.k8s.io/v1",
	kind: "CustomResourceDefinition",
	metadata: { name: `${kind.plural}.${kind.group}` },
	spec: {
		group: kind.group,
		scope: "Namespaced",
		names: {
			kind: kind.kind,
			listKind: `${kind.kind}List`,
			plural: kind.plural,
			singular: kind.singular,
			shortNames: kind.shortNames,
			categories: kind.categories,
		},
		versions: [toVersion(kind)],
	},
});

const toVersion = (kind: KindDefinition): CustomResourceVersion => ({
	name: kind.version,
	served: true,
	storage: true,
	schema: { openAPIV3Schema: toSchema(kind) },
	subresources: { status: {}, ...(kind.scale === undefined ? {} : { scale: kind.scale }) },
	additionalPrinterColumns: kind.columns,
	...(kind.selectableFields.length === 0
		? {}
		: { selectableFields: kind.selectableFields.map((jsonPath) => ({ jsonPath })) }),
});

const toSchema = (kind: KindDefinition): StructuralSchema => {
	const spec = toStructural(kind.spec);
	const isOptional = (spec.required ?? []).length === 0;
	return {
		type: "object",
		description: kind.description,
		properties: {
			apiVersion: { type: "string", maxLength: 64, description: `Group and version: ${kind.group}/${kind.version}` },
			kind: { type: "string", maxLength: 64, description: `Kind of the resource: ${kind.kind}` },
			metadata: { type: "object" },
			spec: {
				...spec,
				description: "What is wanted; written by its owners, never by the operator",
				...(isOptional ? { default: withDefaults(spec, {}) } : {}),
			},
			status: {
				...toStructural(kind.status),
				description: "What was observed; written by the operator",
				default: { observedGeneration: -1 },
			},
		},
		...(isOptional ? {} : { required: ["spec"] }),
		...(kind.rules.length === 0 ? {} : { "x-kubernetes-validations": kind.rules }),
	};
};
