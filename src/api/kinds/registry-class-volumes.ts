import type { Rule } from "#/api/fields/rules.ts";

/** As much of a Registry as says which of its storage classes are volumes. */
interface Classes {
	readonly storageClasses: readonly { readonly name: string; readonly filesystem?: unknown }[];
}

interface Scaled extends Classes {
	readonly replicas: number;
	readonly autoscaling?: { readonly maxReplicas: number };
}

/** Names of the storage classes that are volumes, in an order that does not depend on that of the spec. */
export const volumeClasses = ({ storageClasses }: Classes): readonly string[] =>
	storageClasses.flatMap(({ name, filesystem }) => (filesystem === undefined ? [] : [name])).toSorted();

/** A volume of a storage class is one replica's. The rule stands on the spec of a Registry. */
export const classVolumesOfOne: Rule<Scaled> = {
	rule: "!self.storageClasses.exists(c, has(c.filesystem)) || (self.replicas <= 1 && (!has(self.autoscaling) || self.autoscaling.maxReplicas <= 1))",
	message:
		"a storage class with filesystem is a volume of one replica: several need classes in object storage (s3, gcs or azure)",
	fieldPath: ".storageClasses",
	holds: ({ replicas, autoscaling, storageClasses }) =>
		volumeClasses({ storageClasses }).length === 0 || (replicas <= 1 && (autoscaling?.maxReplicas ?? 1) <= 1),
};
