import { isRecord, type JsonRecord, stringAt } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { addPath, difference, type FieldTree, type GrowingTree, growingTree, isEmptyTree } from "./field-tree.ts";
import { decodeFields, encodeFields } from "./fields-v1.ts";

/** One entry of `managedFields`. */
export interface ManagedEntry {
	readonly manager: string;
	readonly operation: "Apply" | "Update";
	readonly apiVersion: string;
	/** Empty for the object itself. */
	readonly subresource: string;
	/** RFC 3339; absent when it was never told. */
	readonly time: string | undefined;
	readonly fields: FieldTree;
}

const readEntry = (json: JsonRecord): ManagedEntry => ({
	manager: stringAt(json, "manager") ?? "",
	operation: json.operation === "Apply" ? "Apply" : "Update",
	apiVersion: stringAt(json, "apiVersion") ?? "",
	subresource: stringAt(json, "subresource") ?? "",
	time: stringAt(json, "time"),
	fields: decodeFields(json.fieldsV1),
});

/** Reads `managedFields`; entries without fields are left out. */
export const readEntries = (managedFields: unknown): readonly ManagedEntry[] =>
	Array.isArray(managedFields)
		? managedFields
				.filter(isRecord)
				.map(readEntry)
				.filter(({ fields }) => !isEmptyTree(fields))
		: [];

const writeEntry = ({ manager, operation, apiVersion, subresource, time, fields }: ManagedEntry): JsonRecord => ({
	manager,
	operation,
	apiVersion,
	...(time === undefined ? {} : { time }),
	fieldsType: "FieldsV1",
	fieldsV1: encodeFields(fields),
	...(subresource === "" ? {} : { subresource }),
});

const order = (entry: ManagedEntry): string =>
	JSON.stringify([entry.operation, entry.time ?? "", entry.manager, entry.apiVersion, entry.subresource]);

/** `managedFields` of these entries: appliers first, then by time; absent when none has fields. */
export const writeEntries = (entries: readonly ManagedEntry[]): readonly JsonRecord[] | undefined => {
	const full = entries.filter(({ fields }) => !isEmptyTree(fields));
	const sorted = full.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
	return sorted.length === 0 ? undefined : sorted.map(writeEntry);
};

/** Whether two entries are of the same writer: appliers are the same through every version. */
export const isSameWriter = (
	a: Omit<ManagedEntry, "time" | "fields">,
	b: Omit<ManagedEntry, "time" | "fields">,
): boolean =>
	a.manager === b.manager &&
	a.operation === b.operation &&
	a.subresource === b.subresource &&
	(a.operation === "Apply" || a.apiVersion === b.apiVersion);

const served: GrowingTree = growingTree();
for (const path of [["apiVersion"], ["kind"], ["metadata"]])
	addPath(
		served,
		path.map((name) => `f:${name}`),
	);
for (const name of [
	"name",
	"namespace",
	"creationTimestamp",
	"selfLink",
	"uid",
	"clusterName",
	"generation",
	"managedFields",
	"resourceVersion",
])
	addPath(served, ["f:metadata", `f:${name}`]);

const without = (tree: FieldTree, keep: (step: string) => boolean): FieldTree => ({
	member: tree.member,
	children: new Map([...tree.children].filter(([step]) => keep(step))),
});

/** The fields that a writer may own through a subresource: never what the server sets, nor what that way does not write. */
export const ownable = (fields: FieldTree, rules: KindRules, subresource: string): FieldTree => {
	const own = difference(fields, served);
	if (subresource === "status") return without(own, (step) => step === "f:status");
	return rules.statusSubresource && subresource === "" ? without(own, (step) => step !== "f:status") : own;
};
