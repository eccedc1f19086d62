import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJsonPath } from "#/kube-embedded/tables/json-path.ts";

const object = {
	spec: { name: "x", list: [1, 2, 3] },
	metadata: { labels: { "a.b/c": "dotted", plain: "p" } },
	status: {
		conditions: [
			{ type: "Ready", status: "True", count: 1 },
			{ type: "Stalled", status: "False", count: 2 },
		],
	},
};

const cases: readonly (readonly [string, readonly unknown[]])[] = [
	[".spec.name", ["x"]],
	["{.spec.name}", ["x"]],
	[".spec.nothing.more", []],
	[".spec.list[1]", [2]],
	[".spec.list[-1]", [3]],
	[".spec.list[*]", [1, 2, 3]],
	[".metadata.labels.a\\.b/c", ["dotted"]],
	[".metadata.labels['a.b/c']", ["dotted"]],
	['.status.conditions[?(@.type=="Ready")].status', ["True"]],
	[".status.conditions[?(@.type=='Stalled')].status", ["False"]],
	['.status.conditions[?(@.type!="Ready")].type', ["Stalled"]],
	[".status.conditions[?(@.count==2)].type", ["Stalled"]],
	[".status.conditions[?(@.none)].type", []],
];

test("paths of printer columns find what they name, and nothing where it is not", () => {
	for (const [path, expected] of cases) assert.deepEqual(parseJsonPath(path)(object), expected, path);
});

test("what is no such path is refused", () => {
	for (const path of ["spec", ".a[b", ".a[?(x)]", ".a..b"]) assert.throws(() => parseJsonPath(path), SyntaxError, path);
});
