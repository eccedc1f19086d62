import type { KubeObject, ObjectMeta } from "./kube-object.ts";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * An object as it is kept: without what nobody reads of it, which is often more than half, and frozen throughout.
 *
 * @param share puts the parts together before they are frozen. @defaultValue they are left as they are
 */
export const stripObject = (
	object: KubeObject,
	share: (stripped: KubeObject) => KubeObject = (stripped) => stripped,
): KubeObject => {
	const { managedFields: _, annotations, ...metadata } = object.metadata;
	return deepFreeze(share({ ...object, metadata: { ...metadata, ...keptAnnotations(annotations) } }));
};

const keptAnnotations = (annotations: ObjectMeta["annotations"]): Pick<ObjectMeta, "annotations"> => {
	if (annotations === undefined) return {};
	const { [LAST_APPLIED]: _, ...kept } = annotations;
	return Object.keys(kept).length === 0 ? {} : { annotations: kept };
};

const deepFreeze = <T>(value: T): T => {
	if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
	for (const part of Object.values(value)) deepFreeze(part);
	return Object.freeze(value);
};
