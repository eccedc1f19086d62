import type { KubeObject, OwnerReference } from "./kube-object.ts";

/**
 * What makes `owner` the controller of an object in its namespace: the object goes when the owner has gone.
 *
 * @throws TypeError when the owner was never read from an API server, and so has no uid
 */
export const controllerReference = ({ apiVersion, kind, metadata: { name, uid } }: KubeObject): OwnerReference => {
	if (uid === undefined) throw new TypeError(`${kind} ${name} has no uid to refer to`);
	return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
};

/** The one reference that says who controls an object; absent when nobody does. */
export const controllerOf = ({ metadata }: KubeObject): OwnerReference | undefined =>
	metadata.ownerReferences?.find(({ controller }) => controller === true);

/** Whether the object with that uid controls this one: a name is not enough, it may have been given anew. */
export const isControlledBy = (object: KubeObject, uid: string): boolean => controllerOf(object)?.uid === uid;
