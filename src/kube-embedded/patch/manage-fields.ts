import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord, type JsonRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { compareFields } from "./compare-fields.ts";
import { difference, isEmptyTree, noFields, union } from "./field-tree.ts";
import { isSameWriter, type ManagedEntry, ownable, readEntries, writeEntries } from "./managed-entries.ts";

/** A write that does not apply. */
export interface ManageFieldsOpts {
	/** Absent: it was created. */
	readonly before: KubeObject | undefined;
	/** As it is going to be stored; its `managedFields` are what the client sent, if anything. */
	readonly after: KubeObject;
	readonly manager: string;
	readonly operation: "Update";
	readonly subresource: string | undefined;
	/** RFC 3339. */
	readonly now: string;
	readonly rules: KindRules;
}

/** `[]` and `[{}]` mean: forget who set what. */
const isReset = (managedFields: unknown): boolean =>
	Array.isArray(managedFields) &&
	managedFields.every((entry) => isRecord(entry) && Object.keys(entry).length === 0) &&
	managedFields.length < 2;

const entriesToStartWith = ({ before, after, subresource }: ManageFieldsOpts): readonly ManagedEntry[] => {
	const live = readEntries(before?.metadata.managedFields);
	if (before === undefined) return [];
	const sent = after.metadata.managedFields;
	if (subresource !== undefined && subresource !== "") return live;
	if (isReset(sent)) return [];
	const given = readEntries(sent);
	return given.length === 0 ? live : given;
};

/**
 * `managedFields` after a write that does not apply: what it changed belongs to its writer alone from now on, what it
 * removed to nobody. Absent when nobody owns anything. Where a client erased the list, nothing is recorded before
 * somebody applies.
 */
export const manageFields = (opts: ManageFieldsOpts): readonly JsonRecord[] | undefined => {
	const { before, after, manager, operation, now, rules } = opts;
	const subresource = opts.subresource ?? "";
	const entries = entriesToStartWith(opts);
	if (before !== undefined && entries.length === 0) return undefined;
	const { changed, removed } = compareFields(before ?? {}, after, rules);
	const taken = ownable(changed, rules, subresource);
	const writer = { manager, operation, apiVersion: after.apiVersion, subresource };
	const gone = union(changed, removed);
	const rest = entries.map((entry) => ({ ...entry, fields: difference(entry.fields, gone) }));
	if (isEmptyTree(taken)) return writeEntries(rest);
	const own = rest.find((entry) => isSameWriter(entry, writer));
	const others = rest.filter((entry) => entry !== own);
	return writeEntries([...others, { ...writer, time: now, fields: union(own?.fields ?? noFields, taken) }]);
};
