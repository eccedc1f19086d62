import type { PatchKind } from "#/kube/kube-client.ts";

/** What is asked of the API server, by its own names where it has them. */
export type Verb = "find" | "list" | "watch" | "create" | "replace" | "apply" | "delete" | `patch-${PatchKind}`;

/** How a verb is asked for. */
export interface VerbRule {
	readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
	/** Of the body; absent: it has none. */
	readonly contentType?: string;
	/** Reads alone are sent again when a connection broke: nobody knows what became of a write. */
	readonly reads?: true;
	/** May be sent again when the server said that it did nothing yet (429, 503). */
	readonly repeatable?: true;
}

/** Everything that a {@link Verb} means on the wire. */
export const VERBS: { readonly [V in Verb]: VerbRule } = {
	find: { method: "GET", reads: true, repeatable: true },
	list: { method: "GET", reads: true, repeatable: true },
	// Whoever watches decides himself when to do so again.
	watch: { method: "GET" },
	create: { method: "POST", contentType: "application/json" },
	replace: { method: "PUT", contentType: "application/json", repeatable: true },
	apply: { method: "PATCH", contentType: "application/apply-patch+yaml", repeatable: true },
	delete: { method: "DELETE", contentType: "application/json", repeatable: true },
	"patch-json": { method: "PATCH", contentType: "application/json-patch+json" },
	"patch-merge": { method: "PATCH", contentType: "application/merge-patch+json", repeatable: true },
	"patch-strategic": { method: "PATCH", contentType: "application/strategic-merge-patch+json", repeatable: true },
};
