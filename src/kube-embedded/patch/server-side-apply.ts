import { isDeepStrictEqual } from "node:util";
import type { KubeObject, ObjectMeta } from "#/kube/kube-object.ts";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { compareFields, type FieldChanges } from "./compare-fields.ts";
import {
	difference,
	type FieldTree,
	intersection,
	isEmptyTree,
	noFields,
	pathsOf,
	sameFields,
	union,
} from "./field-tree.ts";
import { fieldsOf } from "./fields-of.ts";
import { showPath } from "./fields-v1.ts";
import { fieldsOfLastApplied, KUBECTL, withLastApplied } from "./last-applied.ts";
import { isSameWriter, type ManagedEntry, ownable, readEntries, writeEntries } from "./managed-entries.ts";
import { mergeApplied } from "./merge-applied.ts";
import { PatchError } from "./patch-error.ts";
import { removeAbandoned } from "./remove-abandoned.ts";

/** An apply. */
export interface ServerSideApplyOpts {
	/** Absent: it is created. */
	readonly live: KubeObject | undefined;
	/** What the client wants: the fields that it has an opinion on. */
	readonly applied: KubeObject;
	readonly manager: string;
	/** Takes fields that others own and want otherwise. */
	readonly force: boolean;
	readonly rules: KindRules;
	readonly subresource: string | undefined;
	/** RFC 3339. */
	readonly now: string;
}

/** A field that another owns and wants otherwise. */
interface ApplyConflict {
	readonly manager: string;
	readonly operation: "Apply" | "Update";
	readonly apiVersion: string;
	readonly subresource?: string;
	readonly time?: string;
	/** E.g. `.spec.replicas`. */
	readonly field: string;
	/** E.g. `conflict with "kubectl" using v1`. */
	readonly message: string;
}

/** The object to be judged and stored, `managedFields` and all; or who stands against it, with a message for the whole. */
export type Applied =
	| { readonly object: KubeObject }
	| { readonly conflicts: readonly ApplyConflict[]; readonly message: string };

const shownWriter = ({ manager, subresource, operation, apiVersion }: ManagedEntry): string =>
	[
		JSON.stringify(manager),
		...(subresource === "" ? [] : [`with subresource ${JSON.stringify(subresource)}`]),
		...(operation === "Update" ? [`using ${apiVersion}`] : []),
	].join(" ");

/** @param yielded fields that nobody insists on */
const conflictsOf = (entry: ManagedEntry, changes: FieldChanges, yielded: FieldTree): ApplyConflict[] =>
	[...pathsOf(difference(intersection(entry.fields, changes.changed), yielded))].map((path) => ({
		manager: entry.manager,
		operation: entry.operation,
		apiVersion: entry.apiVersion,
		...(entry.subresource === "" ? {} : { subresource: entry.subresource }),
		...(entry.time === undefined ? {} : { time: entry.time }),
		field: showPath(path),
		message: `conflict with ${shownWriter(entry)}`,
	}));

const messageOf = (conflicts: readonly ApplyConflict[]): string => {
	const [first] = conflicts;
	if (conflicts.length === 1 && first !== undefined)
		return `Apply failed with 1 conflict: ${first.message}: ${first.field}`;
	const lines: string[] = [];
	for (const writer of [...new Set(conflicts.map(({ message }) => message))].sort()) {
		lines.push(`${writer.replace("conflict", "conflicts")}:`);
		for (const { message, field } of conflicts) if (message === writer) lines.push(`- ${field}`);
	}
	return `Apply failed with ${conflicts.length} conflicts: ${lines.join("\n")}`;
};

/** Before the first apply, what is there counts as somebody's, so that taking it is a conflict. */
const entriesOf = (live: KubeObject | undefined, rules: KindRules): readonly ManagedEntry[] => {
	const entries = readEntries(live?.metadata.managedFields);
	if (live === undefined || entries.length > 0) return entries;
	const fields = ownable(compareFields({}, live, rules).changed, rules, "");
	return [
		{
			manager: "before-first-apply",
			operation: "Update",
			apiVersion: live.apiVersion,
			subresource: "",
			time: undefined,
			fields,
		},
	];
};

const withoutManaged = (metadata: ObjectMeta): ObjectMeta => {
	const { managedFields: _, ...rest } = metadata;
	return rest;
};

const asObject = (value: unknown, like: KubeObject): KubeObject => {
	const record = isRecord(value) ? value : {};
	const metadata = isRecord(record.metadata) ? record.metadata : {};
	return {
		...record,
		apiVersion: like.apiVersion,
		kind: like.kind,
		metadata: { ...metadata, name: like.metadata.name },
	};
};

/** What an apply through that way may speak of: the status alone, or all but the status. */
const within = (object: KubeObject, rules: KindRules, subresource: string): KubeObject => {
	const { status, ...rest } = object;
	const { apiVersion, kind, metadata } = object;
	if (subresource === "status")
		return { apiVersion, kind, metadata: { name: metadata.name }, ...(status === undefined ? {} : { status }) };
	return rules.statusSubresource ? { ...rest, apiVersion, kind, metadata } : object;
};

interface Parts {
	/** Live, without `managedFields`. */
	readonly base: KubeObject;
	readonly wanted: KubeObject;
	readonly others: readonly ManagedEntry[];
	readonly own: ManagedEntry | undefined;
	readonly mine: ManagedEntry;
}

const partsOf = (opts: ServerSideApplyOpts): Parts => {
	const { live, applied, manager, rules, now } = opts;
	const subresource = opts.subresource ?? "";
	const wanted = within(rules.prune(applied), rules, subresource);
	const entries = entriesOf(live, rules);
	const writer = { manager, operation: "Apply" as const, apiVersion: applied.apiVersion, subresource };
	const own = entries.find((entry) => isSameWriter(entry, writer));
	const { metadata, apiVersion, kind } = applied;
	const base =
		live === undefined
			? { apiVersion, kind, metadata: { name: metadata.name } }
			: { ...live, metadata: withoutManaged(live.metadata) };
	return {
		base,
		wanted,
		others: entries.filter((entry) => entry !== own),
		own,
		mine: { ...writer, time: now, fields: ownable(fieldsOf(wanted, rules), rules, subresource) },
	};
};

const mergedOf = ({ base, wanted, others, own, mine }: Parts, rules: KindRules): KubeObject => {
	const held = others.reduce((all, { fields }) => union(all, fields), mine.fields);
	const merged = mergeApplied(base, wanted, [], rules);
	return asObject(removeAbandoned(merged, { before: own?.fields ?? noFields, held }, [], rules), base);
};

/**
 * Server-side apply (API reference, "Server-Side Apply"): merges what is applied into the live object, removes what this
 * writer applied before and nobody owns any more, and writes down who owns what. Nothing changed: the live object.
 *
 * @throws PatchError INVALID when `managedFields` are applied, or the elements of a list cannot be told apart
 */
export const serverSideApply = (opts: ServerSideApplyOpts): Applied => {
	const done = applyFields(opts);
	if (opts.manager !== KUBECTL || "conflicts" in done) return done;
	return { object: withLastApplied(done.object, opts.applied) };
};

const applyFields = (opts: ServerSideApplyOpts): Applied => {
	const { live, applied, force, rules } = opts;
	if ((applied.metadata.managedFields ?? []).length > 0)
		throw new PatchError("INVALID", "metadata.managedFields must be nil");
	const parts = partsOf(opts);
	const { base, others, own } = parts;
	const merged = mergedOf(parts, rules);
	const changes = compareFields(base, merged, rules);
	const yielded = opts.manager === KUBECTL ? fieldsOfLastApplied(live, rules) : noFields;
	const conflicts = others.flatMap((entry) => conflictsOf(entry, changes, yielded));
	if (conflicts.length > 0 && !force) return { conflicts, message: messageOf(conflicts) };
	const gone = union(changes.changed, changes.removed);
	const rest = others.map((entry) => ({ ...entry, fields: difference(entry.fields, gone) }));
	const unchanged = own !== undefined && sameFields(own.fields, parts.mine.fields) && isDeepStrictEqual(merged, base);
	const sent = within(applied, rules, opts.subresource ?? "");
	const known = isDeepStrictEqual(sent, parts.wanted);
	if (unchanged && known && live !== undefined) return { object: live };
	// Fields that the schema does not know stay in, for whoever judges the object to tell of; nobody owns them.
	const object = known ? merged : mergedOf({ ...parts, wanted: sent }, rules);
	// Who says what is so already is written down without a time.
	const isNews = live === undefined || !isDeepStrictEqual(merged, base);
	const mine = unchanged ? own : { ...parts.mine, time: isNews ? parts.mine.time : own?.time };
	const managedFields = writeEntries(isEmptyTree(mine.fields) ? rest : [...rest, mine]);
	return {
		object: { ...object, metadata: { ...object.metadata, ...(managedFields === undefined ? {} : { managedFields }) } },
	};
};
