import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { FieldCause, Judged } from "#/kube-embedded/schema/kind-rules.ts";
import { schemaRules } from "#/kube-embedded/schema/schema-rules.ts";
import { readSchema } from "#/kube-embedded/schema/structural-schema.ts";
import { withObjectMeta } from "#/kube-embedded/schema/with-object-meta.ts";

interface Case {
	readonly name: string;
	readonly schema: Readonly<Record<string, unknown>>;
	readonly object: KubeObject;
	readonly old?: KubeObject;
	readonly causes: readonly FieldCause[];
	readonly stored: unknown;
	readonly unknown: readonly string[];
}

const cases: readonly Case[] = JSON.parse(await readFile(new URL("./fixtures/judged.json", import.meta.url), "utf8"));

const rulesOf = (schema: Case["schema"], statusSubresource = false) =>
	schemaRules({ schema: readSchema(withObjectMeta(schema)), statusSubresource });

const judge = ({ schema, object, old }: Case, unknownFields: "Strict" | "Warn" = "Warn"): Judged =>
	old === undefined
		? rulesOf(schema).judgeCreate(object, { unknownFields })
		: rulesOf(schema).judgeUpdate(object, old, { unknownFields, subresource: undefined });

const sorted = (causes: readonly FieldCause[]): readonly string[] =>
	causes
		.filter(({ message }) => !message.includes("some validation rules were not checked"))
		.map(({ reason, field, message }) => `${field} ${reason} ${message}`)
		.sort();

describe("objects are judged as Kubernetes judges them", () => {
	for (const one of cases)
		it(one.name, () => {
			const judged = judge(one);
			if ("causes" in judged) assert.deepEqual(sorted(judged.causes), sorted(one.causes));
			else {
				assert.ok("object" in judged);
				assert.deepEqual(one.causes, []);
				assert.deepEqual(judged.object, one.stored);
				assert.deepEqual(judged.warnings.toSorted(), one.unknown.map((path) => `unknown field "${path}"`).sort());
			}
		});

	it("says what was not checked after a cause that stands in the way", () => {
		const blocked = cases.find(({ name }) => name === "rules are not run on a blocked object");
		assert.ok(blocked);
		const judged = judge(blocked);
		assert.ok("causes" in judged);
		assert.match(judged.causes.at(-1)?.message ?? "", /^Invalid value: null: some validation rules were not checked/);
		assert.equal(judged.causes.at(-1)?.field, "<nil>");
	});

	it("refuses unknown fields when reading is strict", () => {
		const unknown = cases.find(({ name }) => name === "unknown fields at several depths");
		assert.ok(unknown);
		const judged = judge(unknown, "Strict");
		assert.ok("causes" in judged);
		assert.deepEqual(judged.strict, [
			'unknown field "spec.a.c"',
			'unknown field "spec.l[0].z"',
			'unknown field "spec.q"',
		]);
	});
});

const open = { type: "object", properties: { spec: { type: "object", properties: { a: { type: "integer" } } } } };
const counted = {
	...open,
	properties: { ...open.properties, status: { type: "object", properties: { n: { type: "integer", default: -1 } } } },
};

const widget = (more: Record<string, unknown>): KubeObject => ({
	apiVersion: "example.test/v1",
	kind: "Widget",
	metadata: { name: "a" },
	...more,
});

const kept = (judged: Judged): KubeObject => {
	assert.ok("object" in judged, JSON.stringify(judged));
	return judged.object;
};

describe("a kind whose status is written through its subresource", () => {
	const rules = rulesOf(counted, true);
	const opts = { unknownFields: "Ignore" } as const;

	it("drops the status of what is created", () => {
		assert.equal(kept(rules.judgeCreate(widget({ status: { n: 1 } }), opts)).status, undefined);
	});

	it("keeps the status when the object is changed, and the rest when the status is", () => {
		const before = { ...widget({ spec: { a: 1 }, status: { n: 1 } }), metadata: { name: "a", labels: { l: "1" } } };
		const next = { ...widget({ spec: { a: 2 }, status: { n: 2 } }), metadata: { name: "a", labels: { l: "2" } } };
		const main = kept(rules.judgeUpdate(next, before, { ...opts, subresource: undefined }));
		assert.deepEqual([main.spec, main.status, main.metadata.labels], [{ a: 2 }, { n: 1 }, { l: "2" }]);
		const status = kept(rules.judgeUpdate(next, before, { ...opts, subresource: "status" }));
		assert.deepEqual([status.spec, status.status, status.metadata.labels], [{ a: 1 }, { n: 2 }, { l: "1" }]);
	});

	it("fills in defaults of the status when it is read", () => {
		assert.deepEqual(rules.read(widget({ status: {} })).status, { n: -1 });
	});
});

describe("metadata is known whatever the schema says", () => {
	it("keeps its fields and drops others", () => {
		const object = { ...widget({}), metadata: { name: "a", labels: { x: "y" }, colour: "blue" } };
		const judged = rulesOf(open).judgeCreate(object, { unknownFields: "Warn" });
		assert.deepEqual(kept(judged).metadata, { name: "a", labels: { x: "y" } });
		assert.deepEqual("warnings" in judged && judged.warnings, ['unknown field "metadata.colour"']);
	});

	it("merges its lists by their keys", () => {
		const rules = rulesOf(open);
		assert.deepEqual(rules.listType(["metadata", "ownerReferences"]), { keys: ["uid"], fallbacks: {} });
		assert.equal(rules.listType(["metadata", "finalizers"]), "set");
		assert.equal(rules.isAtomic(["metadata", "ownerReferences"]), true);
		assert.deepEqual(
			[rules.declares(["metadata", "labels"]), rules.declares(["metadata", "labels", "x"])],
			[true, false],
		);
	});
});
