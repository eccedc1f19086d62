import assert from "node:assert/strict";
import { test } from "node:test";
import { type StructuralSchema, withDefaults } from "#/api/crd/structural-schema.ts";
import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KindDefinition } from "#/api/kinds/kind-definition.ts";
import { parseResource } from "#/api/kinds/parse-resource.ts";
import { judgeRules, rulesOf } from "../../support/cel-rules.ts";
import { RULE_CASES } from "./rule-cases.ts";

const schemaOf = (kind: KindDefinition): StructuralSchema =>
	toCrd(kind).spec.versions[0]?.schema.openAPIV3Schema ?? assert.fail();

/** Rules that were seen to hold, and to be broken, as `kind expression`. */
const seen = { held: new Set<string>(), broken: new Set<string>() };

for (const { kind, spec, before, name = "some", status, broken = [] } of RULE_CASES) {
	const as = status === undefined ? "" : `seen as ${JSON.stringify(status)} `;
	const change = before === undefined ? "" : `${as}${JSON.stringify(before)} → `;
	const verdict = broken.length === 0 ? "may be" : "may not be";
	test(`a ${kind.kind} ${name.length > 20 ? `of ${name.length} letters` : name} ${verdict} ${change}${JSON.stringify(spec)}`, () => {
		const schema = schemaOf(kind);
		const whole = (given: object): unknown =>
			withDefaults(schema, { metadata: { name }, spec: given, ...(status === undefined ? {} : { status }) });
		const judged = [...judgeRules(schema, whole(spec), before === undefined ? undefined : whole(before))];
		for (const { rule, holds } of judged) (holds ? seen.held : seen.broken).add(`${kind.kind} ${rule.rule}`);
		const messages = judged.filter(({ holds }) => !holds).map(({ rule }) => rule.message);
		assert.equal(messages.length, broken.length, messages.join("; "));
		for (const [i, start] of broken.entries()) assert.equal(messages[i]?.slice(0, start.length), start);
	});

	if (before === undefined && !broken[0]?.startsWith("the name")) {
		test(`and what is parsed says the same of a ${kind.kind} ${JSON.stringify(spec)}`, () => {
			const metadata = { name: "some", namespace: "team", uid: "u", generation: 1 };
			const parsed = parseResource(kind, { metadata, spec });
			if (broken.length === 0) assert.ok("resource" in parsed, JSON.stringify(parsed));
			else
				assert.ok(
					"invalid" in parsed && broken.every((start) => parsed.invalid.includes(start)),
					JSON.stringify(parsed),
				);
		});
	}
}

test("every rule was seen to hold and to be broken", () => {
	const expressionsIn = (schema: StructuralSchema): readonly string[] => [
		...rulesOf(schema).map(({ rule }) => rule),
		...Object.values(schema.properties ?? {}).flatMap(expressionsIn),
		...(schema.items === undefined ? [] : expressionsIn(schema.items)),
		...(schema.additionalProperties === undefined ? [] : expressionsIn(schema.additionalProperties)),
	];
	const all = new Set(ALL_KINDS.flatMap((kind) => expressionsIn(schemaOf(kind)).map((rule) => `${kind.kind} ${rule}`)));
	assert.ok(all.size > 15);
	assert.deepEqual([...all.difference(seen.held)], []);
	assert.deepEqual([...all.difference(seen.broken)], []);
});
