import assert from "node:assert/strict";
import { test } from "node:test";
import { CachedStore } from "#/kube/cached-store.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ObjectChange } from "#/kube/object-store.ts";

const config = (name: string, uid: string, version: string, more: object = {}): KubeObject => ({
	apiVersion: "v1",
	kind: "ConfigMap",
	metadata: { namespace: "a", name, uid, resourceVersion: version, ...more },
});

/** One word for each change, as `+x` and `~x!` for an initial one. */
const wordsFor = (changes: readonly ObjectChange[]): string[] =>
	changes.map(
		({ key, before, after, initial }) =>
			`${before === undefined ? "+" : after === undefined ? "-" : "~"}${key.slice(2)}${initial ? "!" : ""}`,
	);

const open = (indexes: ConstructorParameters<typeof CachedStore>[1] = {}) => {
	const reported: unknown[] = [];
	const store = new CachedStore({ report: (error) => reported.push(error) }, indexes);
	const changes: ObjectChange[] = [];
	const told = () => wordsFor(changes.splice(0));
	return { store, reported, told, subscription: store.subscribe((change) => changes.push(change)) };
};

test("a first list is initial, later lists tell what changed, what is unchanged, and what is gone", () => {
	const { store, told } = open();
	assert.equal(store.synced, false);
	store.replaceAll([config("x", "1", "1"), config("y", "2", "2"), config("z", "3", "3")]);
	assert.equal(store.synced, true);
	assert.deepEqual(told(), ["+x!", "+y!", "+z!"]);
	store.replaceAll([config("x", "1", "1"), config("y", "2", "7"), config("w", "4", "8")]);
	assert.deepEqual(told(), ["~x!", "~y", "+w", "-z"]);
	assert.deepEqual(
		Array.from(store.list(), ({ metadata }) => metadata.name),
		["x", "y", "w"],
	);
});

test("what was deleted and made anew is told as deleted, then added", () => {
	const { store, told } = open();
	store.replaceAll([config("x", "1", "1"), config("y", "2", "2")]);
	told();
	store.replaceAll([config("x", "8", "8"), config("y", "2", "2")]);
	assert.deepEqual(told(), ["-x", "+x", "~y!"]);
	store.put(config("y", "9", "9"));
	assert.deepEqual(told(), ["-y", "+y"]);
});

test("the deletion of an object that has a successor under its name takes nothing away", () => {
	const { store, told } = open();
	store.put(config("x", "2", "2"));
	store.remove(config("x", "1", "1"));
	assert.equal(store.get("a/x")?.metadata.uid, "2");
	store.remove(config("x", "2", "3"));
	store.remove(config("x", "2", "3"));
	assert.deepEqual(told(), ["+x", "-x"]);
	assert.equal(store.size, 0);
});

test("listeners see all of a list in its place, not half of it", () => {
	const { store } = open({ all: () => ["all"] });
	const seen: number[] = [];
	store.subscribe(() => seen.push(store.by("all", "all").length));
	store.replaceAll([config("x", "1", "1"), config("y", "2", "2")]);
	store.replaceAll([config("y", "2", "2")]);
	assert.deepEqual(seen, [2, 2, 1, 1]);
});

test("an index finds what its function says, follows changes, and forgets", () => {
	const { store } = open({ by: ({ metadata }) => Object.values(metadata.labels ?? {}) });
	const names = (value: string) => store.by("by", value).map(({ metadata }) => metadata.name);
	store.put(config("x", "1", "1", { labels: { a: "red", b: "round" } }));
	store.put(config("y", "2", "2", { labels: { a: "red" } }));
	assert.deepEqual([names("red"), names("round"), names("blue")], [["x", "y"], ["x"], []]);
	store.put(config("x", "1", "3", { labels: { a: "blue" } }));
	assert.deepEqual([names("red"), names("round"), names("blue")], [["y"], [], ["x"]]);
	store.remove(config("y", "2", "4"));
	assert.deepEqual(names("red"), []);
	assert.throws(() => store.by("other", "red"), RangeError);
});

test("what a listener or an index function throws is reported and stops nobody", () => {
	const { store, reported, told } = open({
		bad: () => {
			throw new Error("index");
		},
	});
	const heard: string[] = [];
	store.subscribe(() => {
		throw new Error("listener");
	});
	const last = store.subscribe(({ key }) => heard.push(key));
	store.replaceAll([config("x", "1", "1"), config("y", "2", "2")]);
	assert.deepEqual(heard, ["a/x", "a/y"]);
	assert.deepEqual(told(), ["+x!", "+y!"]);
	assert.deepEqual(
		reported.map((error) => String(error)),
		["Error: index", "Error: index", "Error: listener", "Error: listener"],
	);
	last[Symbol.dispose]();
	store.put(config("z", "3", "3"));
	assert.equal(heard.length, 2);
});

test("objects are frozen throughout, without managedFields and what kubectl keeps in an annotation", () => {
	const { store } = open();
	store.put({
		...config("x", "1", "1", {
			managedFields: [{ manager: "kubectl" }],
			annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", mine: "kept" },
		}),
		data: { list: [{ deep: "value" }] },
	});
	store.put(config("y", "2", "2", { annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}" } }));
	const x = store.get("a/x");
	assert.deepEqual(x?.metadata, {
		namespace: "a",
		name: "x",
		uid: "1",
		resourceVersion: "1",
		annotations: { mine: "kept" },
	});
	assert.equal("annotations" in (store.get("a/y")?.metadata ?? {}), false);
	const { data } = x ?? {};
	assert.ok(typeof data === "object" && data !== null && "list" in data && Array.isArray(data.list));
	const { list } = data;
	assert.throws(() => list.push({}), TypeError);
	assert.throws(() => Object.assign(list[0], { deep: "other" }), TypeError);
});
