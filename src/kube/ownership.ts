import type { KubeObject } from "./kube-object.ts";
import { controllerOf } from "./owner-references.ts";

/** Whose an object is: there is none; it was made for the one who asks; or it is not to be touched. */
export type Ownership = "absent" | "ours" | "foreign";

/** How an object says for whom it was made, where owner references do not reach. */
export interface OwnerMark {
	/** Name of the label that holds the uid. */
	readonly label: string;
	/** Of the one who asks. */
	readonly uid: string;
}

/**
 * Whose the object is that stands under a name which we want. It is ours when we control it, or when it bears our mark
 * and nobody else controls it. Anything else is never adopted: a name proves nothing.
 *
 * @param object absent when nothing stands there
 */
export const ownershipOf = (object: KubeObject | undefined, { label, uid }: OwnerMark): Ownership => {
	if (object === undefined) return "absent";
	const controller = controllerOf(object);
	if (controller !== undefined) return controller.uid === uid ? "ours" : "foreign";
	return object.metadata.labels?.[label] === uid ? "ours" : "foreign";
};
