/** Points from an object to one that it belongs to and goes with. */
export interface OwnerReference {
	readonly apiVersion: string;
	readonly kind: string;
	readonly name: string;
	readonly uid: string;
	readonly controller?: boolean;
	readonly blockOwnerDeletion?: boolean;
}

/** What every object has beside its content. Times are RFC 3339, as the API server writes them. */
export interface ObjectMeta {
	readonly name: string;
	/** Absent for cluster-scoped objects. */
	readonly namespace?: string;
	/** The API server's; absent in what is about to be created or applied. So are the fields below. */
	readonly uid?: string;
	/** Opaque; says which version of the object this is. */
	readonly resourceVersion?: string;
	/** Counts changes of what is wanted. */
	readonly generation?: number;
	readonly creationTimestamp?: string;
	/** Set while the object waits for its finalizers. */
	readonly deletionTimestamp?: string;
	readonly finalizers?: readonly string[];
	readonly ownerReferences?: readonly OwnerReference[];
	readonly labels?: { readonly [name: string]: string };
	readonly annotations?: { readonly [name: string]: string };
	readonly managedFields?: readonly { readonly [field: string]: unknown }[];
}

/** An object of the Kubernetes API as raw JSON: fields that this program does not know are kept. */
export interface KubeObject {
	readonly apiVersion: string;
	readonly kind: string;
	readonly metadata: ObjectMeta;
	readonly [field: string]: unknown;
}

/** Which object: `namespace/name`, or `name` alone for cluster-scoped ones. */
export type ObjectKey = string;

/** The key of an object, or of what has its name and namespace. */
export const keyOf = ({
	namespace,
	name,
}: {
	readonly namespace?: string | undefined;
	readonly name: string;
}): ObjectKey => (namespace === undefined ? name : `${namespace}/${name}`);

/** What {@link keyOf} made a key of. */
export const splitKey = (key: ObjectKey): { readonly namespace: string | undefined; readonly name: string } => {
	const slash = key.indexOf("/");
	return slash < 0
		? { namespace: undefined, name: key }
		: { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};
