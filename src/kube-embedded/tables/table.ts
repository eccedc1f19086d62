import type { KubeObject } from "#/kube/kube-object.ts";
import type { ServedKind } from "#/kube-embedded/kinds/served-kind.ts";

/** How a table is to be made. */
export interface TableSettings {
	/** What each row carries beside its cells. */
	readonly include: "None" | "Metadata" | "Object";
	/** Milliseconds since 1970. */
	readonly now: number;
	/** Rows of a watch after the first need no headings. */
	readonly headings: boolean;
}

/** An object's metadata in the form for clients that want no more. */
export const partialOf = (object: { readonly metadata: unknown }): Readonly<Record<string, unknown>> => ({
	kind: "PartialObjectMetadata",
	apiVersion: "meta.k8s.io/v1",
	metadata: object.metadata,
});

const carried = (object: KubeObject, include: TableSettings["include"]): unknown => {
	if (include === "None") return undefined;
	return include === "Object" ? object : partialOf(object);
};

/** Objects as rows for people, `meta.k8s.io/v1` Table. */
export const tableOf = (
	kind: ServedKind,
	objects: readonly KubeObject[],
	metadata: Readonly<Record<string, unknown>>,
	{ include, now, headings }: TableSettings,
): Readonly<Record<string, unknown>> => ({
	kind: "Table",
	apiVersion: "meta.k8s.io/v1",
	metadata,
	columnDefinitions: headings
		? kind.columns.map(({ name, type, format = "", description, priority }) => ({
				name,
				type,
				format,
				description,
				priority,
			}))
		: null,
	rows: objects.map((object) => ({
		cells: kind.columns.map(({ cell }) => cell(object, now)),
		object: carried(object, include),
	})),
});
