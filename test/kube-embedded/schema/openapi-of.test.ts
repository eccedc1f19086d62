import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { KubeObject } from "#/kube/kube-object.ts";
import { openApiOf } from "#/kube-embedded/schema/openapi-of.ts";

const crd: KubeObject = {
	apiVersion: "apiextensions.k8s.io/v1",
	kind: "CustomResourceDefinition",
	metadata: { name: "widgets.example.test" },
	spec: {
		group: "example.test",
		names: { plural: "widgets", kind: "Widget", listKind: "Widgets" },
		versions: [
			{
				name: "v1",
				schema: {
					openAPIV3Schema: {
						type: "object",
						description: "A thing.",
						properties: { spec: { type: "object", description: "How it is to be." } },
					},
				},
			},
		],
	},
};

const widgets = { group: "example.test", version: "v1", plural: "widgets", kind: "Widget", namespaced: true };
const accounts = { group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true };

const references = (value: unknown): readonly string[] => {
	const found: string[] = [];
	JSON.stringify(value, (key, inner: unknown) => {
		if (key === "$ref" && typeof inner === "string") found.push(inner);
		return inner;
	});
	return found;
};

describe("the OpenAPI schemas of a group version", () => {
	const { schemas, names } = openApiOf([{ type: widgets, crd }]);

	it("name kinds and lists as Kubernetes does", () => {
		assert.deepEqual(Object.fromEntries(names), {
			Widget: "test.example.v1.Widget",
			Widgets: "test.example.v1.Widgets",
		});
		const builtIn = openApiOf([{ type: accounts, crd: undefined }]).names;
		assert.equal(builtIn.get("ServiceAccount"), "io.k8s.api.core.v1.ServiceAccount");
	});

	it("carry descriptions, and the kind that they are of", () => {
		const widget = JSON.parse(JSON.stringify(schemas["test.example.v1.Widget"]));
		assert.equal(widget.description, "A thing.");
		assert.equal(widget.properties.spec.description, "How it is to be.");
		assert.deepEqual(widget["x-kubernetes-group-version-kind"], [
			{ group: "example.test", version: "v1", kind: "Widget" },
		]);
	});

	it("refer to nothing that is not there", () => {
		const found = new Set(references(schemas));
		assert.ok(found.size > 3);
		for (const ref of found) assert.ok(schemas[ref.replace("#/components/schemas/", "")], ref);
	});

	it("say how lists of built-in kinds are patched", () => {
		const all = openApiOf([{ type: accounts, crd: undefined }]).schemas;
		const account = JSON.parse(JSON.stringify(all["io.k8s.api.core.v1.ServiceAccount"]));
		assert.equal(account.properties.secrets["x-kubernetes-patch-merge-key"], "name");
		assert.equal(account.properties.imagePullSecrets["x-kubernetes-patch-strategy"], undefined);
		const meta = JSON.parse(JSON.stringify(all["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]));
		assert.equal(meta.properties.ownerReferences["x-kubernetes-patch-merge-key"], "uid");
		assert.equal(meta.properties.finalizers["x-kubernetes-patch-strategy"], "merge");
	});
});
