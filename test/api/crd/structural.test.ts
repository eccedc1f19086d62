import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { type StructuralSchema, toStructural } from "#/api/crd/structural-schema.ts";
import { type CustomResourceDefinition, toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import { registryKind } from "#/api/kinds/registry.ts";
import { judgeRules } from "../../support/cel-rules.ts";
import { lintCrd } from "../../support/lint-crd.ts";

const schemaOf = (crd: CustomResourceDefinition): StructuralSchema => {
	const schema = crd.spec.versions[0]?.schema.openAPIV3Schema;
	assert.ok(schema !== undefined);
	return schema;
};

for (const kind of ALL_KINDS) {
	test(`the definition of ${kind.kind} is structural, bounded and described`, () => {
		assert.deepEqual(lintCrd(toCrd(kind)), []);
	});

	test(`every default in the definition of ${kind.kind} keeps the rules as it is written`, () => {
		let judged = 0;
		const walk = (schema: StructuralSchema, path: string): void => {
			if (schema.default !== undefined) {
				judged += 1;
				for (const { rule, holds } of judgeRules(schema, schema.default, undefined))
					assert.ok(holds, `${path}: ${rule.message}`);
			}
			for (const [name, child] of Object.entries(schema.properties ?? {})) walk(child, `${path}.${name}`);
			if (schema.items !== undefined) walk(schema.items, `${path}[]`);
		};
		walk(schemaOf(toCrd(kind)), "");
		assert.ok(judged >= 3, "each status has some");
	});

	test(`paths in the definition of ${kind.kind} lead to fields`, () => {
		const schema = schemaOf(toCrd(kind));
		const { columns, selectableFields, scale } = kind;
		const paths = [...columns.map(({ jsonPath }) => jsonPath), ...selectableFields, ...Object.values(scale ?? {})];
		for (const path of paths) {
			if (path.startsWith(".metadata.") || path.startsWith(".status.conditions[")) continue;
			let node: StructuralSchema | undefined = schema;
			for (const step of path.slice(1).split(".")) {
				const [name = "", entry] = step.split("[");
				const field: StructuralSchema | undefined = node?.properties?.[name];
				node = entry === undefined ? field : field?.items;
			}
			assert.ok(node?.type !== undefined || node?.["x-kubernetes-int-or-string"] === true, path);
			assert.notEqual(node.type, "object", path);
		}
		assert.ok(selectableFields.length <= 8);
	});
}

test("a status is there from the first moment, and says that nobody has looked yet", () => {
	for (const kind of ALL_KINDS) {
		const status = schemaOf(toCrd(kind)).properties?.status;
		assert.deepEqual(status?.default, { observedGeneration: -1 });
		assert.equal(status?.properties?.observedGeneration?.default, -1);
	}
});

test("a Registry can be scaled", () => {
	assert.deepEqual(toCrd(registryKind).spec.versions[0]?.subresources, {
		status: {},
		scale: {
			specReplicasPath: ".spec.replicas",
			statusReplicasPath: ".status.replicas",
			labelSelectorPath: ".status.selector",
		},
	});
});

test("what has no structural form is refused", () => {
	const described = z.string().max(1);
	for (const schema of [
		z.union([z.object({ a: described }), z.object({ b: described })]),
		z.discriminatedUnion("a", [z.object({ a: z.literal("x") }), z.object({ a: z.literal("y") })]),
		z.union([z.int(), z.string()]),
		z.tuple([described]),
		z.looseObject({ a: described }),
	]) {
		assert.throws(() => toStructural(z.object({ field: schema })), /field/);
	}
});

test("the lint sees what an API server would refuse, and what readers would miss", () => {
	const lintOf = (field: StructuralSchema): readonly string[] => {
		const crd = toCrd(registryKind);
		const [version] = crd.spec.versions;
		assert.ok(version !== undefined);
		const schema = { type: "object", properties: { field } } as const;
		const versions = [{ ...version, schema: { openAPIV3Schema: schema } }];
		return lintCrd({ ...crd, spec: { ...crd.spec, versions } });
	};
	const description = "A field";
	assert.deepEqual(lintOf({ type: "string", maxLength: 3, description }), []);
	const planted: readonly (readonly [StructuralSchema, string])[] = [
		[{ type: "string", description }, ".field: a string without maxLength"],
		[{ type: "string", maxLength: 3 }, ".field: no description"],
		[{ description }, ".field: no type"],
		[{ type: "boolean", description, oneOf: [] }, ".field: oneOf"],
		[{ type: "boolean", description, $ref: "#/x" }, ".field: $ref"],
		[{ type: "boolean", description, anyOf: [] }, ".field: anyOf"],
		[{ type: "string", maxLength: 3, description, pattern: "^(?!a)b$" }, ".field: a pattern that RE2 lacks"],
		[{ type: "string", description, enum: ["some-thing"] }, ".field: the enum value some-thing"],
		[{ type: "integer", description }, ".field: an integer without format"],
		[
			{ type: "array", description, items: { type: "boolean" }, "x-kubernetes-list-type": "atomic" },
			".field: a list without maxItems",
		],
		[{ type: "object", description, additionalProperties: { type: "boolean" } }, ".field: a map without maxProperties"],
		[{ type: "object", description, required: ["gone"] }, ".field: requires gone, which is no field"],
	];
	for (const [field, violation] of planted) assert.deepEqual(lintOf(field), [violation]);
});
