import type { KubeObject } from "#/kube/kube-object.ts";
import { evaluateRules } from "./cel/evaluate-rules.ts";
import { decodeProblem } from "./decode-problem.ts";
import { fillDefaults } from "./fill-defaults.ts";
import { isRecord } from "./json-record.ts";
import type { FieldCause, Judged, KindRules } from "./kind-rules.ts";
import { listDuplicates } from "./list-duplicates.ts";
import { declaresAt, isAtomicAt, listTypeAt } from "./merge-types.ts";
import { prune } from "./prune.ts";
import type { Schema } from "./structural-schema.ts";
import { typedProblems } from "./typed-problems.ts";
import { validate } from "./validate.ts";

/** What makes the rules of one kind. */
export interface SchemaRulesOpts {
	/** Of whole objects, with `apiVersion`, `kind` and `metadata`. */
	readonly schema: Schema;
	/** Whether `status` is written through its subresource alone. */
	readonly statusSubresource: boolean;
	/** The kind, for one that is built in: decoded before it is judged. Absent for custom resources. */
	readonly builtIn?: string;
	/** What a schema cannot say; `previous` is absent for a new object. */
	readonly check?: (object: KubeObject, previous: KubeObject | undefined) => readonly FieldCause[];
}

const isKubeObject = (value: unknown): value is KubeObject =>
	isRecord(value) && typeof value.apiVersion === "string" && typeof value.kind === "string" && isRecord(value.metadata);

/** How causes name the object itself. */
const whole = "<nil>";

/** After these, rules would speak of values that are not what they take them for. */
const blocking: ReadonlySet<FieldCause["reason"]> = new Set([
	"FieldValueNotSupported",
	"FieldValueRequired",
	"FieldValueTooLong",
	"FieldValueTooMany",
	"FieldValueTypeInvalid",
]);

const unchecked: FieldCause = {
	reason: "FieldValueInvalid",
	field: whole,
	message:
		"Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
};

const causesOf = (
	object: KubeObject,
	previous: KubeObject | undefined,
	opts: SchemaRulesOpts & { readonly known: readonly FieldCause[] },
): FieldCause[] => {
	const { schema, check, known } = opts;
	const causes = [...known, ...validate(object, previous, schema, ""), ...(check?.(object, previous) ?? [])];
	const doubled = listDuplicates(object, schema, "");
	if (doubled.length > 0 && (previous === undefined || listDuplicates(previous, schema, "").length === 0))
		causes.push(...doubled);
	const isBlocked = causes.some(({ reason }) => blocking.has(reason));
	const more = isBlocked ? [unchecked] : evaluateRules(object, previous, schema, "");
	// Only custom resources have rules that could be left unchecked.
	const all = opts.builtIn === undefined ? [...causes, ...more] : causes;
	return all.map((cause) => (cause.field === "" ? { ...cause, field: whole } : cause));
};

const withStatusOf = (object: KubeObject, other: KubeObject | undefined): KubeObject => {
	const { status: _, ...rest } = object;
	const kept: KubeObject = { ...rest, apiVersion: object.apiVersion, kind: object.kind, metadata: object.metadata };
	return other?.status === undefined ? kept : { ...kept, status: other.status };
};

/** A write of the status leaves the rest as it was, but for which version it was of and who manages what. */
const statusOnly = (object: KubeObject, previous: KubeObject): KubeObject => {
	const { resourceVersion, managedFields } = object.metadata;
	const metadata = {
		...previous.metadata,
		...(resourceVersion === undefined ? {} : { resourceVersion }),
		...(managedFields === undefined ? {} : { managedFields }),
	};
	return { ...withStatusOf(previous, object), metadata };
};

interface JudgeOpts {
	readonly unknownFields: "Strict" | "Warn" | "Ignore";
	readonly subresource?: "status" | undefined;
	readonly known?: readonly FieldCause[];
}

/** Where the status alone is judged, messages name what is in it as seen from there; the field is named whole. */
const fromStatus = (cause: FieldCause): FieldCause => ({
	...cause,
	message: cause.message.replace(/(: )status\.(\S+ in body )/, "$1$2"),
});

const asObject = (value: unknown, like: KubeObject): KubeObject => (isKubeObject(value) ? value : like);

const judge = (
	object: KubeObject,
	previous: KubeObject | undefined,
	place: (object: KubeObject) => KubeObject,
	opts: SchemaRulesOpts,
	{ unknownFields, known = [], subresource }: JudgeOpts,
): Judged => {
	if (opts.builtIn !== undefined) {
		const undecodable = decodeProblem(object, opts.schema, { struct: opts.builtIn, path: "" });
		if (undecodable !== undefined) return { undecodable };
	}
	const pruned = prune(object, opts.schema);
	const paths = opts.builtIn === undefined ? pruned.unknown.toSorted() : pruned.unknown;
	const unknown = paths.map((path) => `unknown field ${JSON.stringify(path)}`);
	if (unknown.length > 0 && unknownFields === "Strict")
		return {
			strict: unknown,
			causes: paths.map((field) => ({
				reason: "FieldValueInvalid",
				field,
				message: `unknown field ${JSON.stringify(field)}`,
			})),
		};
	const filled = asObject(fillDefaults(place(asObject(pruned.value, object)), opts.schema), object);
	const found = causesOf(filled, previous, { ...opts, known });
	const causes = subresource === "status" ? found.map(fromStatus) : found;
	return causes.length > 0 ? { causes } : { object: filled, warnings: unknownFields === "Warn" ? unknown : [] };
};

/** The rules of a kind whose objects a structural schema describes. */
export const schemaRules = (opts: SchemaRulesOpts): KindRules => {
	const { schema, statusSubresource } = opts;
	const read = (object: KubeObject) => asObject(fillDefaults(prune(object, schema).value, schema), object);
	return {
		judgeCreate: (object, how) =>
			judge(object, undefined, (one) => (statusSubresource ? withStatusOf(one, undefined) : one), opts, how),
		judgeUpdate: (object, previous, how) => {
			const { subresource } = how;
			const before = read(previous);
			const place = (one: KubeObject) => {
				if (subresource === "status") return statusOnly(one, before);
				return statusSubresource ? withStatusOf(one, before) : one;
			};
			return judge(object, before, place, opts, how);
		},
		typedProblems: (object) => typedProblems(object, schema, ""),
		prune: (object) => asObject(prune(object, schema).value, object),
		read,
		listType: (path) => listTypeAt(schema, path),
		isAtomic: (path) => isAtomicAt(schema, path),
		declares: (path) => declaresAt(schema, path),
		statusSubresource,
	};
};
