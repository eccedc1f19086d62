import type { KubeObject } from "#/kube/kube-object.ts";
import { checkScale } from "./check-scale.ts";
import { checkStructural } from "./check-structural.ts";
import { isRecord, listAt, recordAt } from "./json-record.ts";
import type { KindRules } from "./kind-rules.ts";
import { schemaRules } from "./schema-rules.ts";
import { readSchema } from "./structural-schema.ts";
import { withObjectMeta } from "./with-object-meta.ts";

/** The kind rules of one version that a CustomResourceDefinition describes. @throws Error when its schema is not structural, or has no such version */
export const rulesOfCrd = (crd: KubeObject, version: string): KindRules => {
	const found = listAt(recordAt(crd, "spec"), "versions").find((one) => isRecord(one) && one.name === version);
	if (!isRecord(found)) throw new Error(`${crd.metadata.name} has no version ${version}`);
	const json = recordAt(recordAt(found, "schema"), "openAPIV3Schema");
	const [first] = checkStructural(json, "schema.openAPIV3Schema");
	if (first !== undefined) throw new Error(`${first.field}: ${first.message}`);
	const { scale, status } = recordAt(found, "subresources");
	return schemaRules({
		schema: readSchema(withObjectMeta(json)),
		statusSubresource: isRecord(status),
		...(isRecord(scale) ? { check: checkScale(scale) } : {}),
	});
};
