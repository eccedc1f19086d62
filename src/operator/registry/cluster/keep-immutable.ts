import type { KubeObject } from "#/kube/kube-object.ts";

/** The fields of a spec that can never change, by kind. */
const IMMUTABLE: { readonly [kind: string]: readonly string[] } = {
	StatefulSet: ["selector", "serviceName", "podManagementPolicy", "volumeClaimTemplates"],
	Deployment: ["selector"],
	// How a database begins matters once. One that somebody made of a backup of theirs began in another way.
	Cluster: ["bootstrap"],
};

/** What is wanted, with the fields that can never change as they stand: an apply that changed them would be refused whole. */
export const keepImmutable = (wanted: KubeObject, present: KubeObject): KubeObject => {
	const fields = IMMUTABLE[wanted.kind];
	if (fields === undefined) return wanted;
	const [spec, standing] = [recordOf(wanted.spec), recordOf(present.spec)];
	const kept = fields.flatMap((field) => (field in standing ? [[field, standing[field]] as const] : []));
	return { ...wanted, spec: { ...spec, ...Object.fromEntries(kept) } };
};

const recordOf = (value: unknown): { readonly [field: string]: unknown } =>
	typeof value === "object" && value !== null ? { ...value } : {};
