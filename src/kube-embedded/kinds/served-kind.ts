import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import type { Column } from "#/kube-embedded/tables/column.ts";

/** Where a kind keeps what `autoscaling/v1` Scale shows, as field names from the object's root. */
export interface ScalePaths {
	readonly specReplicas: readonly string[];
	readonly statusReplicas: readonly string[];
	/** A text, the serialized selector; absent when the kind has none. */
	readonly selector: readonly string[] | undefined;
}

/** One version of one kind as it is served. */
export interface ServedKind {
	readonly type: ResourceType;
	readonly singular: string;
	readonly listKind: string;
	readonly shortNames: readonly string[];
	readonly categories: readonly string[];
	readonly verbs: readonly string[];
	/** The table of objects: `group/plural`. Kinds that are two views of the same objects share one. */
	readonly storage: string;
	/** The version in which objects are kept, whatever the one they are asked for in. */
	readonly storedAs: Pick<ResourceType, "group" | "version" | "kind">;
	readonly rules: KindRules;
	readonly hasStatus: boolean;
	/** Whether `metadata.generation` counts changes of what is wanted. */
	readonly hasGeneration: boolean;
	readonly scale: ScalePaths | undefined;
	/** Whether PUT and a forced apply may bring an object into being. */
	readonly createsOnUpdate: boolean;
	/** Whether PUT may leave out which version it replaces. */
	readonly replacesBlindly: boolean;
	readonly columns: readonly Column[];
	/** What `fieldSelector` may ask for beside name and namespace; values as text. */
	readonly selectable: Readonly<Record<string, (object: KubeObject) => string>>;
	/** The definition it comes from; absent for built-ins. */
	readonly crd: KubeObject | undefined;
	/** A stored object as this version shows it, and the other way round. */
	readonly fromStored: (object: KubeObject) => KubeObject;
	readonly toStored: (object: KubeObject) => KubeObject;
}

/** What every resource can do. */
export const ALL_VERBS: readonly string[] = [
	"create",
	"delete",
	"deletecollection",
	"get",
	"list",
	"patch",
	"update",
	"watch",
];

/** The same for custom resources, in the order in which they are told of. */
export const CUSTOM_VERBS: readonly string[] = [
	"delete",
	"deletecollection",
	"get",
	"list",
	"patch",
	"create",
	"update",
	"watch",
];
