import type { KubeObject } from "#/kube/kube-object.ts";

/** A column of what `kubectl get` shows. */
export interface Column {
	readonly name: string;
	readonly type: "string" | "integer" | "number" | "boolean" | "date";
	/** `name` marks the column that names the object. */
	readonly format?: string | undefined;
	readonly description: string;
	/** Shown by `-o wide` alone when above 0. */
	readonly priority: number;
	/** What stands in the cell; null where there is nothing. @param now milliseconds since 1970 */
	readonly cell: (object: KubeObject, now: number) => string | number | boolean | null;
}
