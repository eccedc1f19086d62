import type { KubeObject } from "#/kube/kube-object.ts";
import { invalid, required } from "#/kube-embedded/schema/causes.ts";
import { checkStructural } from "#/kube-embedded/schema/check-structural.ts";
import { isRecord, type JsonRecord, listAt, recordAt } from "#/kube-embedded/schema/json-record.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";

const checkVersion = (version: JsonRecord, path: string): FieldCause[] => {
	const schema = recordAt(recordAt(version, "schema"), "openAPIV3Schema");
	const at = `${path}.schema.openAPIV3Schema`;
	return Object.keys(schema).length === 0 ? [required(at)] : checkStructural(schema, at);
};

/** What a schema cannot say of a CustomResourceDefinition: that its schemas are structural, and one version is stored. */
export const checkCrd = (object: KubeObject): readonly FieldCause[] => {
	const versions = listAt(recordAt(object, "spec"), "versions").filter(isRecord);
	const stored = versions.filter(({ storage }) => storage === true).length;
	const names = versions.map(({ name }) => name);
	return [
		...versions.flatMap((version, at) => checkVersion(version, `spec.versions[${at}]`)),
		...(stored === 1
			? []
			: [invalid("spec.versions", names, "must have exactly one version marked as storage version")]),
		...(new Set(names).size === names.length
			? []
			: [invalid("spec.versions", names, "must contain unique version names")]),
	];
};
