import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "#/kube/kube-object.ts";
import { builtInRules } from "#/kube-embedded/schema/built-in-rules.ts";
import { rulesOfCrd } from "#/kube-embedded/schema/rules-of-crd.ts";

const crdOf = (schema: object, more: object = {}): KubeObject => ({
	apiVersion: "apiextensions.k8s.io/v1",
	kind: "CustomResourceDefinition",
	metadata: { name: "widgets.example.test" },
	spec: {
		group: "example.test",
		scope: "Namespaced",
		names: { plural: "widgets", kind: "Widget" },
		versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema }, ...more }],
	},
});

const spec = (properties: object, more: object = {}) => ({
	type: "object",
	properties: { spec: { type: "object", properties, ...more } },
});

const judge = (crd: KubeObject) => {
	const judged = builtInRules
		.get("apiextensions.k8s.io/CustomResourceDefinition")
		?.judgeCreate(crd, { unknownFields: "Strict" });
	assert.ok(judged);
	return "causes" in judged ? judged.causes.map(({ field, message }) => `${field}: ${message}`) : [];
};

const root = "spec.versions[0].schema.openAPIV3Schema";
const at = (name: string) => `${root}.properties[spec].properties[${name}]`;

const broken: readonly (readonly [string, object, RegExp])[] = [
	["a field without a type", spec({ a: { minimum: 1 } }), /properties\[a\]\.type: Required value: must not be empty/],
	[
		"a type that is none",
		spec({ a: { type: "text" } }),
		/properties\[a\]\.type: Unsupported value: "text": supported values: "array", "boolean"/,
	],
	[
		"a root that is no object",
		{ type: "array", items: { type: "string" } },
		/type: Invalid value: "array": must be object at the root/,
	],
	["a list without items", spec({ a: { type: "array" } }), /items: Required value: must be specified/],
	["additionalProperties: false", spec({ a: { type: "object", additionalProperties: false } }), /must not be false/],
	[
		"properties beside additionalProperties",
		spec({ a: { type: "object", properties: { b: { type: "string" } }, additionalProperties: { type: "string" } } }),
		/mutual exclusive/,
	],
	[
		"a type inside oneOf",
		spec({ a: { type: "object", oneOf: [{ type: "string" }] } }),
		/oneOf\[0\]\.type: Forbidden: must be empty to be structural/,
	],
	[
		"a list-map without keys",
		spec({ a: { type: "array", items: { type: "object" }, "x-kubernetes-list-type": "map" } }),
		/must not be empty if x-kubernetes-list-type is map/,
	],
	[
		"a key that may be missing",
		spec({
			a: {
				type: "array",
				items: { type: "object", properties: { k: { type: "string" } } },
				"x-kubernetes-list-type": "map",
				"x-kubernetes-list-map-keys": ["k"],
			},
		}),
		/must have a default or be a required property/,
	],
	["a rule that does not parse", spec({}, { "x-kubernetes-validations": [{ rule: "self.(" }] }), /compilation failed/],
	[
		"a rule that calls what is not there",
		spec({}, { "x-kubernetes-validations": [{ rule: "nothing(self)" }] }),
		/compilation failed/,
	],
	[
		"a rule that gives no truth",
		spec({}, { "x-kubernetes-validations": [{ rule: "1 + 1" }] }),
		/compilation failed: must evaluate to a bool/,
	],
	["a default that is not valid", spec({ a: { type: "integer", default: "x" } }), /default: Invalid value/],
	["a pattern that is none", spec({ a: { type: "string", pattern: "(" } }), /must be a valid regular expression/],
	["a reference", spec({ a: { type: "object", $ref: "#/x" } }), /\$ref: Forbidden/],
];

describe("a CustomResourceDefinition", () => {
	for (const [name, schema, wanted] of broken)
		it(`is refused for ${name}`, () => {
			const causes = judge(crdOf(schema));
			assert.ok(
				causes.some((cause) => wanted.test(cause)),
				causes.join("\n"),
			);
			assert.throws(() => rulesOfCrd(crdOf(schema), "v1"), /^Error: schema\.openAPIV3Schema/);
		});

	it("names the place of what is wrong", () => {
		assert.deepEqual(judge(crdOf(spec({ a: {} }))), [
			`${at("a")}.type: Required value: must not be empty for specified object fields`,
		]);
	});

	it("is accepted when its schema is structural", () => {
		const schema = spec(
			{
				size: { "x-kubernetes-int-or-string": true, anyOf: [{ type: "integer" }, { type: "string" }] },
				free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
				one: { type: "object", properties: { a: { type: "string" } }, oneOf: [{ required: ["a"] }] },
			},
			{ "x-kubernetes-validations": [{ rule: "!has(oldSelf.size) || has(self.size)", message: "size stays" }] },
		);
		assert.deepEqual(judge(crdOf(schema)), []);
		assert.ok(rulesOfCrd(crdOf(schema), "v1"));
	});

	it("must store exactly one version", () => {
		const crd = crdOf({ type: "object" }, { storage: false });
		assert.match(judge(crd).join(), /must have exactly one version marked as storage version/);
		assert.throws(() => rulesOfCrd(crd, "v2"), /has no version v2/);
	});

	it("says whether the status has a subresource", () => {
		assert.equal(rulesOfCrd(crdOf({ type: "object" }, { subresources: { status: {} } }), "v1").statusSubresource, true);
		assert.equal(rulesOfCrd(crdOf({ type: "object" }), "v1").statusSubresource, false);
	});
});
