import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { addFinalizer, hasFinalizer, removeFinalizer } from "#/kube/finalizers.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { FakeKube } from "../support/fake-kube.ts";
import { widget } from "../support/widgets.ts";

const type = { group: "test.example", version: "v1", plural: "widgets", kind: "Widget", namespaced: true };
const OURS = "test.example/cleanup";
const THEIRS = "another.example/wait";
const { signal } = new AbortController();
const of = (client: FakeKube, object: KubeObject) => ({ client, type, object, finalizer: OURS, fieldManager: "test" });
const listOf = (kube: FakeKube) => kube.objects.get("team/a")?.metadata.finalizers;

describe("a finalizer", () => {
	it("is added to none, and beside those of others", async () => {
		const kube = new FakeKube();
		const added = await addFinalizer(of(kube, kube.put(widget("a"))), signal);
		assert.ok(added !== undefined && hasFinalizer(added, OURS));
		await addFinalizer(of(kube, kube.put(widget("a", { finalizers: [THEIRS] }))), signal);
		assert.deepEqual(listOf(kube), [THEIRS, OURS]);
		assert.equal(kube.writes.length, 2);
	});

	it("is not added twice", async () => {
		const kube = new FakeKube();
		const object = kube.put(widget("a", { finalizers: [OURS] }));
		assert.equal(await addFinalizer(of(kube, object), signal), object);
		assert.deepEqual(kube.writes, []);
	});

	it("does not displace one that another added since the object was seen", async () => {
		for (const seen of [undefined, ["first"]]) {
			const kube = new FakeKube();
			const object = kube.put(widget("a", seen === undefined ? {} : { finalizers: seen }));
			kube.put(widget("a", { finalizers: [...(seen ?? []), THEIRS] }));
			await addFinalizer(of(kube, object), signal);
			assert.deepEqual(listOf(kube), [...(seen ?? []), THEIRS, OURS]);
			assert.equal(kube.writes.length, 2);
		}
	});

	it("is not added to what is being deleted, is gone, or only has the same name", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a"));
		const deleting = kube.put(widget("a", { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: [THEIRS] }));
		assert.equal(await addFinalizer(of(kube, deleting), signal), undefined);
		assert.equal(await addFinalizer(of(kube, seen), signal), undefined);
		kube.put(widget("a", { uid: "another" }));
		assert.equal(await addFinalizer(of(kube, seen), signal), undefined);
		assert.equal(listOf(kube), undefined);
		kube.objects.clear();
		assert.equal(await addFinalizer(of(kube, seen), signal), undefined);
	});

	it("is removed wherever it stands in the list, and no other instead of it", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a", { finalizers: [OURS, THEIRS] }));
		kube.put(widget("a", { finalizers: [THEIRS, "third", OURS] }));
		await removeFinalizer(of(kube, seen), signal);
		assert.deepEqual(listOf(kube), [THEIRS, "third"]);
		assert.equal(kube.writes.length, 2);
	});

	it("need not be removed from what is gone, is another's, or does not have it", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a", { finalizers: [OURS] }));
		kube.put(widget("a", { uid: "another", finalizers: [OURS] }));
		await removeFinalizer(of(kube, seen), signal);
		assert.deepEqual(listOf(kube), [OURS]);
		await removeFinalizer(of(kube, kube.put(widget("a"))), signal);
		kube.objects.clear();
		await removeFinalizer(of(kube, seen), signal);
	});

	it("that the API server refuses for another cause is not tried again", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a"));
		kube.meddle = () => {
			throw new KubeError("INVALID", "the object is too big");
		};
		await assert.rejects(addFinalizer(of(kube, seen), signal), { code: "INVALID", message: "the object is too big" });
		assert.equal(kube.writes.length, 1);
	});
});
