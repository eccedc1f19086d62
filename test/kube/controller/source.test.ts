import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { mappedObjects, ownedObjects, ownKind, type Source } from "#/kube/controller/source.ts";
import { controllerReference } from "#/kube/owner-references.ts";
import { widget } from "../../support/widgets.ts";
import { openStore } from "./controller-harness.ts";

/** What a source says from now on. */
const hear = (source: Source): { woken: string[]; subscription: Disposable } => {
	const woken: string[] = [];
	return { woken, subscription: source.subscribe((key, priority = 0) => woken.push(`${key} ${priority}`)) };
};

describe("a source", () => {
	it("of a store that is filled already tells of all that is in it", () => {
		const store = openStore();
		store.replaceAll([widget("a"), widget("b")]);
		assert.deepEqual(hear(ownKind("widget", store)).woken, ["team/a -100", "team/b -100"]);
	});

	it("of the own kind hurries for what is wanted, and not for the echo of a status or a finalizer", () => {
		const store = openStore();
		const { woken, subscription } = hear(ownKind("widget", store));
		store.replaceAll([widget("a")]);
		store.put(widget("a", { resourceVersion: "2" }, { status: { url: "x" } }));
		store.put(widget("a", { resourceVersion: "3", generation: 2 }, { status: { url: "x" } }));
		store.put(widget("a", { resourceVersion: "4", generation: 2, annotations: { now: "please" } }));
		store.put(
			widget("a", {
				resourceVersion: "5",
				generation: 2,
				annotations: { now: "please" },
				finalizers: ["example.org/x"],
			}),
		);
		store.remove(widget("a"));
		assert.deepEqual(woken, ["team/a -100", "team/a -100", "team/a 0", "team/a 0", "team/a -100", "team/a 0"]);
		subscription[Symbol.dispose]();
		store.put(widget("b"));
		assert.equal(woken.length, 6);
	});

	it("of owned objects wakes the owner of that kind and no other, whatever the version", () => {
		const store = openStore();
		const { woken } = hear(ownedObjects("secrets", store, { group: "test.example", kind: "Widget" }));
		const by = (change: object) => ({ ownerReferences: [{ ...controllerReference(widget("owner")), ...change }] });
		store.replaceAll([]);
		store.put(widget("s1", by({ apiVersion: "test.example/v9" })));
		store.put(widget("s2", by({ apiVersion: "other.example/v1" })));
		store.put(widget("s3", by({ kind: "Gadget" })));
		store.put(widget("s4", by({ controller: false })));
		store.put(widget("s5"));
		store.remove(widget("s1"));
		assert.deepEqual(woken, ["team/owner 0", "team/owner 0"]);
	});

	it("of references wakes both sides when one comes to concern another", () => {
		const widgets = openStore({ secret: ({ secret }) => (typeof secret === "string" ? [secret] : []) });
		widgets.replaceAll([widget("a", {}, { secret: "one" }), widget("b", {}, { secret: "two" })]);
		const secrets = openStore();
		const { woken } = hear(
			mappedObjects("secrets", secrets, ({ label }) =>
				widgets.by("secret", String(label)).map(({ metadata }) => `team/${metadata.name}`),
			),
		);
		secrets.replaceAll([widget("s", {}, { label: "one" })]);
		secrets.put(widget("s", { resourceVersion: "2" }, { label: "two" }));
		assert.deepEqual(woken, ["team/a -100", "team/a 0", "team/b 0"]);
	});
});
