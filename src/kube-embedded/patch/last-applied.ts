import type { KubeObject } from "#/kube/kube-object.ts";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { KindRules } from "#/kube-embedded/schema/kind-rules.ts";
import { compareFields } from "./compare-fields.ts";
import { difference, type FieldTree, noFields } from "./field-tree.ts";
import { fieldsOf } from "./fields-of.ts";
import { PatchError } from "./patch-error.ts";

/** Where `kubectl apply` keeps on the client's side what it applied last. */
const ANNOTATION = "kubectl.kubernetes.io/last-applied-configuration";

/** The one that goes over from the client's side to the server's without a conflict with itself. */
export const KUBECTL = "kubectl";

const parsed = (text: string): Readonly<Record<string, unknown>> | undefined => {
	try {
		const value: unknown = JSON.parse(text);
		return isRecord(value) ? value : undefined;
	} catch {
		return undefined;
	}
};

/**
 * The fields that kubectl applied on the client's side and that are still as it wanted them: it may take them over on
 * the server's side from whoever is written down as their owner.
 */
export const fieldsOfLastApplied = (live: KubeObject | undefined, rules: KindRules): FieldTree => {
	const last = parsed(live?.metadata.annotations?.[ANNOTATION] ?? "");
	if (live === undefined || last === undefined) return noFields;
	try {
		const { changed, removed } = compareFields(last, live, rules);
		return difference(difference(fieldsOf(last, rules), changed), removed);
	} catch (error) {
		if (error instanceof PatchError) return noFields;
		throw error;
	}
};

/** JSON with the fields of all objects in the order of their names. */
const ordered = (value: unknown): unknown => {
	if (Array.isArray(value)) return value.map(ordered);
	if (!isRecord(value)) return value;
	const names = Object.keys(value).toSorted();
	return Object.fromEntries(names.map((name) => [name, ordered(value[name])]));
};

/** An object whose annotation of what was applied last, if it has one, speaks of what is applied now. */
export const withLastApplied = (object: KubeObject, applied: KubeObject): KubeObject => {
	const { annotations } = object.metadata;
	if (annotations?.[ANNOTATION] === undefined) return object;
	const { annotations: own, ...metadata } = applied.metadata;
	const { [ANNOTATION]: _, ...others } = own ?? {};
	const wanted = {
		...applied,
		metadata: { ...metadata, ...(Object.keys(others).length === 0 ? {} : { annotations: others }) },
	};
	const text = `${JSON.stringify(ordered(wanted))}\n`;
	return { ...object, metadata: { ...object.metadata, annotations: { ...annotations, [ANNOTATION]: text } } };
};
