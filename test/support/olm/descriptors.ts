import type { StructuralSchema } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { apiVersionOf } from "#/kube/resource-type.ts";
import { OWNED_TYPES } from "#/operator/registry/cluster/owned-types.ts";

/** How a console shows one field of a resource. */
interface Descriptor {
	readonly path: string;
	readonly displayName: string;
	readonly description: string;
	readonly "x-descriptors": readonly string[];
}

/** What a console tells of a kind. */
export interface OwnedKind {
	readonly name: string;
	readonly version: string;
	readonly kind: string;
	readonly displayName: string;
	readonly description: string;
	/** What comes of a resource. */
	readonly resources: readonly { readonly kind: string; readonly version: string; readonly name: "" }[];
	readonly specDescriptors: readonly Descriptor[];
	readonly statusDescriptors: readonly Descriptor[];
}

const UI = "urn:alm:descriptor:com.tectonic.ui:";
const KUBERNETES = "urn:alm:descriptor:io.kubernetes:";

/** Fields that a console knows to show, by their paths; all others by their types. */
const KNOWN: { readonly [path: string]: readonly string[] } = {
	"spec.replicas": [`${UI}podCount`],
	"spec.resources": [`${UI}resourceRequirements`],
	"spec.affinity": [`${UI}podAffinity`],
	"status.conditions": ["urn:alm:descriptor:io.kubernetes.conditions"],
	"status.secretRef.name": [`${KUBERNETES}Secret`],
};

/** All kinds, with every field that stands at the top of a spec or a status. */
export const ownedKinds = (): readonly OwnedKind[] => ALL_KINDS.map(ownedKind);

const ownedKind = (kind: KindDefinition): OwnedKind => {
	const crd = toCrd(kind);
	const { spec, status } = crd.spec.versions[0]?.schema.openAPIV3Schema.properties ?? {};
	return {
		name: crd.metadata.name,
		version: kind.version,
		kind: kind.kind,
		displayName: wordsOf(kind.kind),
		description: kind.description,
		resources: resourcesOf(kind.kind),
		specDescriptors: descriptorsOf("spec", spec),
		statusDescriptors: descriptorsOf("status", status),
	};
};

/** Of each, the events are told; of some, more is made. */
const resourcesOf = (kind: string): OwnedKind["resources"] => {
	const one = (name: string, version: string) => ({ kind: name, version, name: "" }) as const;
	const made = {
		Registry: [
			...OWNED_TYPES.map((type) => one(type.kind, apiVersionOf(type))),
			one("PersistentVolumeClaim", "v1"),
			one("Secret", "v1"),
		],
		RobotAccount: [one("Secret", "v1")],
	}[kind];
	return [...(made ?? []), one("Event", "events.k8s.io/v1")];
};

const descriptorsOf = (root: "spec" | "status", schema: StructuralSchema | undefined): readonly Descriptor[] =>
	Object.entries(schema?.properties ?? {}).flatMap(([name, field]) => {
		const { name: inner } = name.endsWith("Ref") ? (field.properties ?? {}) : {};
		return [describe(root, name, field), ...(inner === undefined ? [] : [describe(root, `${name}.name`, inner)])];
	});

const describe = (root: "spec" | "status", path: string, field: StructuralSchema): Descriptor => ({
	path,
	displayName: wordsOf(path.replace(".", " ")),
	description: field.description ?? "",
	"x-descriptors": KNOWN[`${root}.${path}`] ?? shownAs(root, path, field),
});

const shownAs = (
	root: "spec" | "status",
	path: string,
	{ type, enum: values }: StructuralSchema,
): readonly string[] => {
	if (path === "registryRef.name") return [`${KUBERNETES}${ALL_KINDS[0]?.group}:${ALL_KINDS[0]?.version}:Registry`];
	if (root === "status") return type === "string" || type === "integer" ? [`${UI}text`] : [];
	if (type === "boolean") return [`${UI}booleanSwitch`];
	if (type === "integer") return [`${UI}number`];
	if (type !== "string") return [];
	return Array.isArray(values) ? values.map((value) => `${UI}select:${value}`) : [`${UI}text`];
};

/** `deletionPolicy` as `Deletion policy`. */
const wordsOf = (name: string): string => {
	const words = name.replaceAll(/([a-z])([A-Z])/g, (_, end: string, start: string) => `${end} ${start.toLowerCase()}`);
	return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};
