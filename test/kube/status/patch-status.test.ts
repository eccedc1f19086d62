import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { patchStatus } from "#/kube/status/patch-status.ts";
import { FakeKube } from "../../support/fake-kube.ts";
import { widget } from "../../support/widgets.ts";

const WIDGETS = { group: "test.example", version: "v1", plural: "widgets", kind: "Widget", namespaced: true };
const { signal } = new AbortController();

const patch = (client: FakeKube, object: KubeObject, status: (current: KubeObject) => { [field: string]: unknown }) =>
	patchStatus({ client, type: WIDGETS, object, status, fieldManager: "limani-widget" }, signal);

describe("writing a status", () => {
	it("is one merge patch of what differs", async () => {
		const kube = new FakeKube();
		const object = kube.put(widget("a", {}, { spec: { size: 1 }, status: { url: "http://a", old: true } }));
		const done = await patch(kube, object, () => ({ url: "http://a", replicas: 1 }));
		assert.deepEqual(kube.writes, [
			{
				verb: "patch",
				key: "team/a",
				subresource: "status",
				body: { metadata: { resourceVersion: "101" }, status: { replicas: 1, old: null } },
			},
		]);
		assert.equal(done?.written, true);
		assert.deepEqual(done?.object.status, { url: "http://a", replicas: 1 });
	});

	it("is not done when nothing differs", async () => {
		const kube = new FakeKube();
		const object = kube.put(widget("a", {}, { status: { list: [{ a: 1 }], url: "x" } }));
		const done = await patch(kube, object, () => ({ url: "x", list: [{ a: 1, b: undefined }], more: undefined }));
		assert.deepEqual(done, { object, written: false });
		assert.deepEqual(kube.writes, []);
	});

	it("is computed anew from the newest version when the object was changed meanwhile", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a", {}, { status: { count: 1 } }));
		kube.put(widget("a", { generation: 2 }, { status: { count: 5, others: "kept" } }));
		const count = ({ status }: KubeObject): number =>
			typeof status === "object" && status !== null && "count" in status ? Number(status.count) : 0;
		const done = await patch(kube, seen, (current) => ({ ...Object(current.status), count: count(current) + 1 }));
		assert.deepEqual(done?.object.status, { count: 6, others: "kept" });
		assert.equal(kube.writes.length, 2);
	});

	it("is not done to another object of that name, or to none", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a"));
		kube.put(widget("a", { uid: "another" }));
		assert.equal(await patch(kube, seen, () => ({ url: "x" })), undefined);
		assert.equal(kube.objects.get("team/a")?.status, undefined);
		kube.objects.clear();
		assert.equal(await patch(kube, seen, () => ({ url: "x" })), undefined);
	});

	it("gives up when the object changes again and again, and passes other failures on at once", async () => {
		const kube = new FakeKube();
		const seen = kube.put(widget("a"));
		kube.meddle = () => void kube.put(widget("a"));
		await assert.rejects(
			patch(kube, seen, () => ({ url: "x" })),
			{ code: "CONFLICT" },
		);
		assert.equal(kube.writes.length, 5);
		kube.meddle = () => {
			throw new KubeError("UNAVAILABLE", "no answer");
		};
		await assert.rejects(
			patch(kube, seen, () => ({ url: "x" })),
			{ code: "UNAVAILABLE" },
		);
		assert.equal(kube.writes.length, 6);
	});
});
