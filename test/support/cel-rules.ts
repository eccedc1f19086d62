import { Environment } from "@marcbachmann/cel-js";
import type { StructuralSchema } from "#/api/crd/structural-schema.ts";
import type { CelRule } from "#/api/fields/rules.ts";

/** A rule and where in an object it was judged. */
export interface JudgedRule {
	readonly path: string;
	readonly rule: CelRule;
	readonly holds: boolean;
}

const environment = new Environment({ unlistedVariablesAreDyn: true });

/** The rules of one place of a schema. */
export const rulesOf = (schema: StructuralSchema): readonly CelRule[] => {
	const rules: unknown = schema["x-kubernetes-validations"] ?? [];
	if (!Array.isArray(rules)) throw new Error("rules are no list");
	return rules;
};

/**
 * Judges an object, with its defaults, by all rules of a schema, as an API server does: rules about changes where there
 * is an old value alone.
 *
 * @throws Error when an expression cannot be evaluated, which an API server takes for a broken rule
 */
export function* judgeRules(schema: StructuralSchema, value: unknown, old: unknown, path = ""): Generator<JudgedRule> {
	if (value === undefined) return;
	for (const rule of rulesOf(schema)) {
		const isAboutChanges = /\boldSelf\b/.test(rule.rule);
		if (isAboutChanges && old === undefined) continue;
		const context = { self: toCel(schema, value), ...(isAboutChanges ? { oldSelf: toCel(schema, old) } : {}) };
		yield { path, rule, holds: environment.evaluate(rule.rule, context) === true };
	}
	for (const [name, child] of Object.entries(schema.properties ?? {})) {
		yield* judgeRules(child, memberOf(value, name), memberOf(old, name), `${path}.${name}`);
	}
	const { items, additionalProperties } = schema;
	if (items !== undefined && Array.isArray(value)) {
		for (const [i, member] of value.entries()) {
			yield* judgeRules(items, member, formerOf(schema, member, old), `${path}[${i}]`);
		}
	}
	if (additionalProperties !== undefined && typeof value === "object" && value !== null) {
		for (const [name, member] of Object.entries(value)) {
			yield* judgeRules(additionalProperties, member, memberOf(old, name), `${path}.${name}`);
		}
	}
}

/** What a member of a list was before: the one with its keys; absent where members cannot be told which was which. */
const formerOf = (schema: StructuralSchema, member: unknown, old: unknown): unknown => {
	const keys: unknown = schema["x-kubernetes-list-map-keys"];
	if (!Array.isArray(keys) || !Array.isArray(old)) return undefined;
	return old.find((former) => keys.every((key) => memberOf(former, String(key)) === memberOf(member, String(key))));
};

const memberOf = (value: unknown, name: string): unknown =>
	typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;

/** Integers are CEL's integers, and what the schema does not know is out of sight. */
const toCel = (schema: StructuralSchema, value: unknown): unknown => {
	if (typeof value === "number") return schema.type === "integer" ? BigInt(value) : value;
	if (Array.isArray(value)) return value.map((member) => toCel(schema.items ?? {}, member));
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, member]) => [
			name,
			toCel(schema.properties?.[name] ?? schema.additionalProperties ?? {}, member),
		]),
	);
};
