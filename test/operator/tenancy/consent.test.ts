import assert from "node:assert/strict";
import { test } from "node:test";
import { registrySpec } from "#/api/kinds/registry.ts";
import { acceptsCopies } from "#/operator/tenancy/accepts-copies.ts";
import { mayBind } from "#/operator/tenancy/may-bind.ts";

const EVERYTHING = { matchLabels: {}, matchExpressions: [] };

const binding: readonly {
	readonly name: string;
	readonly allowed: unknown;
	readonly namespace: string;
	readonly labels?: { readonly [key: string]: string };
	readonly may: boolean;
}[] = [
	{ name: "its own namespace always", allowed: {}, namespace: "system", may: true },
	{ name: "nobody else by default", allowed: {}, namespace: "team-a", may: false },
	{ name: "a namespace by name", allowed: { names: ["team-a"] }, namespace: "team-a", may: true },
	{ name: "no namespace whose name only begins so", allowed: { names: ["team"] }, namespace: "team-a", may: false },
	{
		name: "a namespace by its labels",
		allowed: { selector: { matchLabels: { tenant: "yes" } } },
		namespace: "team-a",
		labels: { tenant: "yes" },
		may: true,
	},
	{
		name: "no namespace with other labels",
		allowed: { selector: { matchLabels: { tenant: "yes" } } },
		namespace: "team-a",
		labels: { tenant: "no" },
		may: false,
	},
	{ name: "every namespace by an empty selector", allowed: { selector: {} }, namespace: "team-a", may: true },
];

for (const { name, allowed, namespace, labels = {}, may } of binding) {
	test(`a Registry may be named by ${name}`, () => {
		const registry = { metadata: { namespace: "system" }, spec: registrySpec.parse({ allowedNamespaces: allowed }) };
		assert.equal(mayBind(registry, { name: namespace, labels }), may);
	});
}

test("a copy needs the consent of the namespace and the wish of the sender", () => {
	const accepting = { name: "apps", labels: { "limani.dev/accept-from": "team-a" } };
	assert.ok(acceptsCopies(accepting, "team-a", EVERYTHING));
	assert.ok(!acceptsCopies(accepting, "team-b", EVERYTHING), "it accepts from another");
	assert.ok(!acceptsCopies({ name: "kube-system", labels: {} }, "team-a", EVERYTHING), "it accepts nothing");
	assert.ok(!acceptsCopies(accepting, "team-a", { ...EVERYTHING, matchLabels: { stage: "prod" } }), "not selected");
	const own = { name: "team-a", labels: { "limani.dev/accept-from": "team-a" } };
	assert.ok(!acceptsCopies(own, "team-a", EVERYTHING), "its own namespace has the original");
});
