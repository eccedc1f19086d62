import assert from "node:assert/strict";
import { test } from "node:test";
import { controllerOf, controllerReference, isControlledBy } from "#/kube/owner-references.ts";
import { ownershipOf } from "#/kube/ownership.ts";
import { widget } from "../support/widgets.ts";

const owner = widget("owner");
const LABEL = "test.example/owner-uid";
const mark = { label: LABEL, uid: "uid-owner" };
const controlledBy = (uid: string) => ({ ownerReferences: [{ ...controllerReference(owner), uid }] });

test("a reference names its owner by uid, and only from one that has been read", () => {
	assert.deepEqual(controllerReference(owner), {
		apiVersion: "test.example/v1",
		kind: "Widget",
		name: "owner",
		uid: "uid-owner",
		controller: true,
		blockOwnerDeletion: true,
	});
	assert.throws(() => controllerReference({ ...owner, metadata: { name: "owner" } }), TypeError);
});

test("of several references the one that controls counts, and of it the uid", () => {
	const plain = { apiVersion: "v1", kind: "Secret", name: "s", uid: "s" };
	const child = widget("child", { ownerReferences: [plain, controllerReference(owner)] });
	assert.equal(controllerOf(child)?.uid, "uid-owner");
	assert.ok(isControlledBy(child, "uid-owner"));
	assert.ok(!isControlledBy(child, "uid-of-one-with-the-same-name"));
	assert.ok(!isControlledBy(widget("child", { ownerReferences: [plain] }), "s"));
});

for (const [what, metadata, ownership] of [
	["that we control", controlledBy("uid-owner"), "ours"],
	["that we control, though its label was taken off", { ...controlledBy("uid-owner"), labels: {} }, "ours"],
	["with our mark, that nobody controls", { labels: { [LABEL]: "uid-owner" } }, "ours"],
	["with our mark, that another controls", { ...controlledBy("other"), labels: { [LABEL]: "uid-owner" } }, "foreign"],
	["with the mark of one that had our name before", { labels: { [LABEL]: "uid-before" } }, "foreign"],
	["without any mark", {}, "foreign"],
] as const) {
	test(`an object ${what} is ${ownership}`, () => assert.equal(ownershipOf(widget("x", metadata), mark), ownership));
}

test("where nothing stands there is nothing to take over", () => {
	assert.equal(ownershipOf(undefined, mark), "absent");
});
