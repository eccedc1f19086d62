import type { KubeObject } from "#/kube/kube-object.ts";

/** One thing that is wrong with an object, as Kubernetes words it. */
export interface FieldCause {
	readonly reason:
		| "FieldValueRequired"
		| "FieldValueInvalid"
		| "FieldValueNotSupported"
		| "FieldValueForbidden"
		| "FieldValueTooLong"
		| "FieldValueTooMany"
		| "FieldValueDuplicate"
		| "FieldValueTypeInvalid";
	/** E.g. `spec.members[0].role`. */
	readonly field: string;
	/** E.g. `Invalid value: "x": must be …`. */
	readonly message: string;
}

/**
 * An object that may be stored, or what is wrong with it. With `strict` present the object was not even read
 * (fieldValidation=Strict): a bad request, with these as what strict decoding found. With `undecodable` neither, for this
 * reason.
 */
export type Judged =
	| { readonly object: KubeObject; readonly warnings: readonly string[] }
	| { readonly causes: readonly FieldCause[]; readonly strict?: readonly string[] }
	| { readonly undecodable: string };

/** How a list in an object is merged: by these keys, as a set, or replaced whole. */
export type ListType =
	| {
			readonly keys: readonly string[];
			/** What a key counts as where it is absent. */
			readonly fallbacks?: { readonly [key: string]: unknown };
	  }
	| "set"
	| "atomic";

/** What the API knows of one version of one kind: everything that is not storage. Pure. */
export interface KindRules {
	/**
	 * Drops unknown fields, fills in defaults and validates (CEL too) what is to be created. `strict`: unknown and
	 * duplicate fields are causes (fieldValidation=Strict); else they are dropped, with a warning where `warn`.
	 */
	judgeCreate(
		object: KubeObject,
		opts: {
			readonly unknownFields: "Strict" | "Warn" | "Ignore";
			/** What is wrong with it already; told first. */
			readonly known?: readonly FieldCause[];
		},
	): Judged;
	/** The same for a change; rules see `previous` as oldSelf, and what did not change and was bad before is let pass (ratcheting). */
	judgeUpdate(
		object: KubeObject,
		previous: KubeObject,
		opts: {
			readonly unknownFields: "Strict" | "Warn" | "Ignore";
			readonly subresource: "status" | undefined;
			readonly known?: readonly FieldCause[];
		},
	): Judged;
	/** Why an object cannot be applied at all: unknown fields, values of another type. Empty: it can. */
	typedProblems(object: KubeObject): readonly string[];
	/** Unknown fields dropped, nothing else. */
	prune(object: KubeObject): KubeObject;
	/** Defaults and pruning alone: what a stored object looks like when it is read. */
	read(object: KubeObject): KubeObject;
	/** How the list at a path (field names, list steps left out) merges, for apply and strategic merge. */
	listType(path: readonly string[]): ListType;
	/** Whether the map or object at a path is replaced whole. */
	isAtomic(path: readonly string[]): boolean;
	/** Whether the schema names the field at a path; false for the entries of maps. */
	declares(path: readonly string[]): boolean;
	/** Whether `status` is written through its subresource alone. */
	readonly statusSubresource: boolean;
}
