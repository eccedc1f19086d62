import type { KubeObject } from "#/kube/kube-object.ts";

/** The fields of a StatefulSet's spec that can never change. */
const IMMUTABLE = ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"] as const;

/** What is wanted, with the fields that can never change as they stand: an apply that changed them would be refused whole. */
export const keepImmutable = (wanted: KubeObject, present: KubeObject): KubeObject => {
	if (wanted.kind !== "StatefulSet") return wanted;
	const [spec, standing] = [recordOf(wanted.spec), recordOf(present.spec)];
	const kept = IMMUTABLE.flatMap((field) => (field in standing ? [[field, standing[field]] as const] : []));
	return { ...wanted, spec: { ...spec, ...Object.fromEntries(kept) } };
};

const recordOf = (value: unknown): { readonly [field: string]: unknown } =>
	typeof value === "object" && value !== null ? { ...value } : {};
