import { isDeepStrictEqual } from "node:util";
import { evaluate, Optional } from "@marcbachmann/cel-js";
import { duplicate, forbidden, invalid, invalidWhole, required } from "#/kube-embedded/schema/causes.ts";
import { correlateField, correlateItems } from "#/kube-embedded/schema/correlate.ts";
import { isRecord } from "#/kube-embedded/schema/json-record.ts";
import type { FieldCause } from "#/kube-embedded/schema/kind-rules.ts";
import { childPath } from "#/kube-embedded/schema/prune.ts";
import type { Schema } from "#/kube-embedded/schema/structural-schema.ts";
import { alignOrder } from "./align-order.ts";
import { type CelTypes, toCel } from "./cel-values.ts";
import { type CompiledRule, celMessage, compileRule } from "./compile-rule.ts";

const types: CelTypes = { duration: (text) => evaluate("duration(text)", { text }) };

const programs = new WeakMap<Schema, readonly CompiledRule[]>();

const programsOf = (schema: Schema): readonly CompiledRule[] => {
	const known = programs.get(schema) ?? schema.rules.map(compileRule);
	programs.set(schema, known);
	return known;
};

interface Scope {
	readonly value: unknown;
	/** Undefined: nothing to compare with. */
	readonly previous: unknown;
	readonly schema: Schema;
	readonly path: string;
}

const refusal = (rule: CompiledRule, scope: Scope, detail: string): FieldCause => {
	const { reason, fieldPath } = rule.source;
	const field = fieldPath === undefined ? scope.path : childPath(scope.path, fieldPath.replace(/^\./, ""));
	const whole = scope.schema.type === "object" || scope.schema.type === "array";
	if (reason === "FieldValueForbidden") return forbidden(field, detail);
	if (reason === "FieldValueRequired") return required(field, detail);
	if (reason === "FieldValueDuplicate")
		return whole ? { reason, field, message: "Duplicate value" } : duplicate(field, scope.value);
	return whole ? invalidWhole(field, detail) : invalid(field, scope.value, detail);
};

const written = ({ message, rule }: CompiledRule["source"]): string => (message ?? rule).trim();

const detailOf = (rule: CompiledRule, variables: Record<string, unknown>): string => {
	const fixed = rule.source.message === undefined ? `failed rule: ${rule.source.rule.trim()}` : written(rule.source);
	if (rule.message === undefined) return fixed;
	try {
		const text: unknown = rule.message(variables);
		const line = typeof text === "string" ? text.trim() : "";
		return line === "" || line.includes("\n") ? fixed : line;
	} catch {
		// The rule has failed all the same; its message then is the fixed one.
		return fixed;
	}
};

const runRule = (rule: CompiledRule, scope: Scope, self: unknown): FieldCause | undefined => {
	const { previous, schema, value, path } = scope;
	const { optionalOldSelf } = rule.source;
	if (rule.usesOldSelf && previous === undefined && !optionalOldSelf) return undefined;
	const before = previous === undefined ? undefined : toCel(alignOrder(previous, value, schema), schema, types);
	const oldSelf = optionalOldSelf ? (before === undefined ? Optional.none() : Optional.of(before)) : before;
	const variables = oldSelf === undefined ? { self } : { self, oldSelf };
	try {
		if (rule.program(variables) === true) return undefined;
	} catch (error) {
		return invalid(path, schema.type ?? "", `${celMessage(error)} evaluating rule: ${written(rule.source)}`);
	}
	const unchanged = !rule.usesOldSelf && previous !== undefined && isDeepStrictEqual(value, previous);
	return unchanged ? undefined : refusal(rule, scope, detailOf(rule, variables));
};

const ownCauses = (scope: Scope): FieldCause[] => {
	if (scope.schema.rules.length === 0) return [];
	const self = toCel(scope.value, scope.schema, types);
	return programsOf(scope.schema).flatMap((rule) => runRule(rule, scope, self) ?? []);
};

const inner = (scope: Scope): FieldCause[] => {
	const { value, previous, schema, path } = scope;
	if (Array.isArray(value)) {
		const { items } = schema;
		const before = correlateItems(previous, schema);
		return items === undefined
			? []
			: value.flatMap((item: unknown, at) => evaluateRules(item, before(item), items, `${path}[${at}]`));
	}
	if (!isRecord(value)) return [];
	return Object.entries(value).flatMap(([name, child]) => {
		const childSchema = schema.properties.get(name) ?? schema.additionalProperties;
		return childSchema === undefined || childSchema === true
			? []
			: evaluateRules(child, correlateField(previous, name), childSchema, childPath(path, name));
	});
};

/**
 * What the CEL rules of a schema, and of all below it, have against a value. Transition rules run where there is a
 * `previous` to compare with; the others are let pass where nothing changed.
 */
export const evaluateRules = (value: unknown, previous: unknown, schema: Schema, path: string): FieldCause[] =>
	value === null || value === undefined
		? []
		: [...ownCauses({ value, previous, schema, path }), ...inner({ value, previous, schema, path })];
