import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { KubeObject } from "#/kube/kube-object.ts";
import { type ManageFieldsOpts, manageFields } from "#/kube-embedded/patch/manage-fields.ts";
import { builtInRules } from "#/kube-embedded/schema/built-in-rules.ts";

const rules = builtInRules.get("/ConfigMap");
assert.ok(rules);
const now = "2026-01-01T00:00:00Z";
const later = "2026-01-02T00:00:00Z";

const configMap = (data: object, managedFields?: KubeObject["metadata"]["managedFields"]): KubeObject => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: { name: "a", uid: "u", ...(managedFields === undefined ? {} : { managedFields }) },
	data,
});

const managed = (before: KubeObject | undefined, after: KubeObject, more: Partial<ManageFieldsOpts> = {}) =>
	manageFields({ before, after, manager: "m", operation: "Update", subresource: undefined, now, rules, ...more });

describe("who set which fields", () => {
	it("is written down for what is created, but for what the server sets", () => {
		assert.deepEqual(managed(undefined, configMap({ a: "1" })), [
			{
				manager: "m",
				operation: "Update",
				apiVersion: "v1",
				time: now,
				fieldsType: "FieldsV1",
				fieldsV1: { "f:data": { ".": {}, "f:a": {} } },
			},
		]);
	});

	it("stays as it is when nothing changes, its time too", () => {
		const values = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.string());
		fc.assert(
			fc.property(values, (data) => {
				const entries = managed(undefined, configMap(data));
				const before = configMap(data, entries);
				assert.deepEqual(managed(before, configMap(data), { now: later }) ?? entries, entries);
			}),
		);
	});

	it("moves a field to who changed it, and forgets who lost the last one", () => {
		const before = configMap({ a: "1" }, managed(undefined, configMap({ a: "1" })));
		const entries = managed(before, configMap({ a: "2" }), { manager: "n", now: later });
		assert.deepEqual(
			entries?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
			[
				["m", { "f:data": {} }],
				["n", { "f:data": { "f:a": {} } }],
			],
		);
		const next = managed(configMap({ a: "2" }, entries), configMap({ b: "1" }), { manager: "n" });
		assert.deepEqual(
			next?.map(({ manager }) => manager),
			["m", "n"],
		);
	});

	it("is forgotten on request, and not written down before somebody applies", () => {
		const before = configMap({ a: "1" }, managed(undefined, configMap({ a: "1" })));
		assert.equal(managed(before, configMap({ a: "2" }, [])), undefined);
		assert.equal(managed(before, configMap({ a: "2" }, [{}])), undefined);
		assert.equal(managed(configMap({ a: "1" }), configMap({ a: "2" })), undefined);
	});

	it("may be edited by who writes the object, but not through a subresource", () => {
		const entries = managed(undefined, configMap({ a: "1" })) ?? [];
		const before = configMap({ a: "1" }, entries);
		const renamed = entries.map((entry) => ({ ...entry, manager: "other" }));
		assert.deepEqual(managed(before, configMap({ a: "1" }, renamed)), renamed);
		assert.deepEqual(managed(before, configMap({ a: "1" }, renamed), { subresource: "status" }), entries);
	});

	it("keeps entries of one writer through several subresources apart", () => {
		const namespaces = builtInRules.get("/Namespace");
		assert.ok(namespaces);
		const namespace = (more: object): KubeObject => ({
			apiVersion: "v1",
			kind: "Namespace",
			metadata: { name: "a" },
			...more,
		});
		const spec = { finalizers: ["kubernetes"] };
		const first = managed(undefined, namespace({ spec, status: { phase: "Active" } }), { rules: namespaces });
		assert.deepEqual(
			first?.map(({ fieldsV1 }) => fieldsV1),
			[{ "f:spec": { ".": {}, "f:finalizers": {} } }],
		);
		const before = { ...namespace({ spec }), metadata: { name: "a", managedFields: first ?? [] } };
		const after = namespace({ spec, status: { phase: "Active" } });
		const second = managed(before, after, { rules: namespaces, subresource: "status", now: later });
		assert.deepEqual(
			second?.map(({ subresource }) => subresource),
			[undefined, "status"],
		);
	});
});
