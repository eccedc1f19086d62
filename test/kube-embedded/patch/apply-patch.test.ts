import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { applyPatch } from "#/kube-embedded/patch/apply-patch.ts";
import { jsonPatch } from "#/kube-embedded/patch/json-patch.ts";
import { mergePatch } from "#/kube-embedded/patch/merge-patch.ts";
import { strategicMergePatch } from "#/kube-embedded/patch/strategic-merge-patch.ts";
import { builtInRules } from "#/kube-embedded/schema/built-in-rules.ts";

const rules = builtInRules.get("/ServiceAccount");
assert.ok(rules);

const good: readonly (readonly [string, unknown, readonly object[], unknown])[] = [
	["adds a field", { a: 1 }, [{ op: "add", path: "/b", value: 2 }], { a: 1, b: 2 }],
	["adds over a field", { a: 1 }, [{ op: "add", path: "/a", value: null }], { a: null }],
	["adds into a list", [1, 3], [{ op: "add", path: "/1", value: 2 }], [1, 2, 3]],
	["adds to the end of a list", { l: [1] }, [{ op: "add", path: "/l/-", value: 2 }], { l: [1, 2] }],
	["adds at the length of a list", [1], [{ op: "add", path: "/1", value: 2 }], [1, 2]],
	["removes a field", { a: 1, b: 2 }, [{ op: "remove", path: "/a" }], { b: 2 }],
	["removes from a list", [1, 2], [{ op: "remove", path: "/0" }], [2]],
	["replaces the whole", { a: 1 }, [{ op: "replace", path: "", value: { b: 1 } }], { b: 1 }],
	[
		"reads escaped names",
		{ "a/b": 1, "m~n": 2 },
		[
			{ op: "remove", path: "/a~1b" },
			{ op: "replace", path: "/m~0n", value: 3 },
		],
		{ "m~n": 3 },
	],
	["reads an escape once", { "~1": 1 }, [{ op: "test", path: "/~01", value: 1 }], { "~1": 1 }],
	["moves", { a: { b: 1 } }, [{ op: "move", from: "/a/b", path: "/c" }], { a: {}, c: 1 }],
	[
		"copies",
		{ a: [1] },
		[
			{ op: "copy", from: "/a", path: "/b" },
			{ op: "add", path: "/b/-", value: 2 },
		],
		{ a: [1], b: [1, 2] },
	],
	[
		"tests without regard to the order of fields",
		{ a: { x: 1, y: 2 } },
		[{ op: "test", path: "/a", value: { y: 2, x: 1 } }],
		{ a: { x: 1, y: 2 } },
	],
];

const bad: readonly (readonly [string, readonly object[], string])[] = [
	["a test that does not hold", [{ op: "test", path: "/a", value: 2 }], "TEST_FAILED"],
	["a test of what is not there", [{ op: "test", path: "/z", value: 1 }], "TEST_FAILED"],
	["a field to remove that is not there", [{ op: "remove", path: "/z" }], "INVALID"],
	["a field to replace that is not there", [{ op: "replace", path: "/z", value: 1 }], "INVALID"],
	["a parent that is not there", [{ op: "add", path: "/z/y", value: 1 }], "INVALID"],
	["a place beyond the list", [{ op: "add", path: "/l/2", value: 1 }], "INVALID"],
	["a place with a leading zero", [{ op: "add", path: "/l/00", value: 1 }], "INVALID"],
	["an operation without its value", [{ op: "add", path: "/b" }], "INVALID"],
	["an operation that is none", [{ op: "swap", path: "/a" }], "INVALID"],
	["a path that is none", [{ op: "remove", path: "a" }], "INVALID"],
	["a move into itself", [{ op: "move", from: "/o", path: "/o/p" }], "INVALID"],
];

describe("a JSON patch", () => {
	for (const [name, document, patch, wanted] of good)
		it(name, () => assert.deepEqual(jsonPatch(document, patch), wanted));

	for (const [name, patch, code] of bad)
		it(`is refused for ${name}`, () => {
			const document = { a: 1, l: [1], o: {} };
			assert.throws(() => jsonPatch(document, patch), { code });
			assert.deepEqual(document, { a: 1, l: [1], o: {} });
		});
});

describe("a merge patch", () => {
	// RFC 7386, Appendix A.
	const table: readonly (readonly [unknown, unknown, unknown])[] = [
		[{ a: "b" }, { a: "c" }, { a: "c" }],
		[{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
		[{ a: "b" }, { a: null }, {}],
		[{ a: "b", b: "c" }, { a: null }, { b: "c" }],
		[{ a: ["b"] }, { a: "c" }, { a: "c" }],
		[{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
		[{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
		[{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
		[
			["a", "b"],
			["c", "d"],
			["c", "d"],
		],
		[{ a: "b" }, ["c"], ["c"]],
		[{ a: "foo" }, null, null],
		[{ e: null }, { a: 1 }, { e: null, a: 1 }],
		[[1, 2], { a: "b", c: null }, { a: "b" }],
		[{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
	];
	for (const [target, patch, wanted] of table)
		it(`makes ${JSON.stringify(wanted)} of ${JSON.stringify(target)} and ${JSON.stringify(patch)}`, () =>
			assert.deepEqual(mergePatch(target, patch), wanted));

	it("takes any name for a field", () => {
		const patch: unknown = JSON.parse('{"__proto__":{"a":1},"b":null}');
		assert.equal(JSON.stringify(mergePatch({ b: 1 }, patch)), '{"__proto__":{"a":1}}');
	});

	it("does nothing when it is empty, and nothing more the second time", () => {
		const json = fc.dictionary(fc.constantFrom("a", "b", "c"), fc.jsonValue({ maxDepth: 2 }), {
			noNullPrototype: true,
		});
		fc.assert(
			fc.property(json, json, (target, patch) => {
				assert.deepEqual(mergePatch(target, {}), target);
				const once = mergePatch(target, patch);
				assert.deepEqual(mergePatch(once, patch), once);
			}),
		);
	});
});

const account = (more: object) => ({ metadata: { name: "a", finalizers: ["x", "y"], labels: { k: "1" } }, ...more });
const strategic = (object: object, patch: unknown) => strategicMergePatch({ ...object }, patch, rules);

describe("a strategic merge patch", () => {
	it("merges lists by their keys and replaces those without", () => {
		const before = account({ secrets: [{ name: "s", kind: "K" }, { name: "t" }], imagePullSecrets: [{ name: "p" }] });
		const patch = { secrets: [{ name: "s", kind: "L" }, { name: "u" }], imagePullSecrets: [{ name: "q" }] };
		assert.deepEqual(strategic(before, patch), {
			...before,
			secrets: [{ name: "s", kind: "L" }, { name: "t" }, { name: "u" }],
			imagePullSecrets: [{ name: "q" }],
		});
	});

	it("deletes elements, and puts the others in order", () => {
		const before = account({ secrets: [{ name: "s" }, { name: "t" }, { name: "u" }] });
		const patch = {
			secrets: [{ name: "t", $patch: "delete" }, { name: "v" }],
			"$setElementOrder/secrets": [{ name: "v" }, { name: "u" }, { name: "s" }],
		};
		assert.deepEqual(strategic(before, patch), account({ secrets: [{ name: "v" }, { name: "u" }, { name: "s" }] }));
	});

	it("replaces a list or an object that says so", () => {
		const before = account({ secrets: [{ name: "s" }] });
		assert.deepEqual(
			strategic(before, { secrets: [{ $patch: "replace" }, { name: "z" }] }),
			account({ secrets: [{ name: "z" }] }),
		);
		const labels = strategic(before, { metadata: { labels: { $patch: "replace", n: "2" } } });
		assert.deepEqual(labels, { ...before, metadata: { ...before.metadata, labels: { n: "2" } } });
		assert.deepEqual(strategic({ a: { b: 1 } }, { a: { $patch: "delete" } }), {});
	});

	it("adds to lists of plain values, and deletes from them", () => {
		const patch = { metadata: { finalizers: ["z", "x"], "$deleteFromPrimitiveList/finalizers": ["y"] } };
		assert.deepEqual(
			strategic(account({}), patch),
			account({ metadata: { ...account({}).metadata, finalizers: ["x", "z"] } }),
		);
	});

	it("keeps the named fields alone where it says so", () => {
		const patch = { metadata: { $retainKeys: ["name"], name: "a" } };
		assert.deepEqual(strategic(account({}), patch), { metadata: { name: "a" } });
	});

	it("leaves no directive behind where nothing was", () => {
		const patch = {
			metadata: { labels: { $patch: "merge", a: "1", b: null } },
			secrets: [
				{ name: "s", $patch: "delete" },
				{ name: "t", kind: null },
			],
		};
		assert.deepEqual(strategic({}, patch), { metadata: { labels: { a: "1" } }, secrets: [{ name: "t" }] });
	});

	it("is refused when it is none, or an element lacks its key", () => {
		assert.throws(() => strategic({}, [1]), { code: "INVALID" });
		assert.throws(() => strategic({}, { a: { $patch: "swap" } }), { code: "INVALID" });
		assert.throws(() => strategic(account({ secrets: [{ name: "s" }] }), { secrets: [{ kind: "K" }] }), {
			code: "INVALID",
		});
	});
});

describe("a patch of an object", () => {
	const object = { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" } };

	it("gives the object as it would be", () => {
		const body = { metadata: { labels: { a: "1" } } };
		for (const kind of ["merge", "strategic"] as const)
			assert.deepEqual(applyPatch({ kind, body, object, rules }).metadata.labels, { a: "1" });
		const patched = applyPatch({ kind: "json", body: [{ op: "add", path: "/automount", value: true }], object, rules });
		assert.equal(patched.automount, true);
	});

	it("may not take away what makes it an object", () => {
		for (const body of [{ metadata: null }, { kind: null }, { metadata: { name: null } }, []])
			assert.throws(() => applyPatch({ kind: "merge", body, object, rules }), { code: "INVALID" });
	});
});
