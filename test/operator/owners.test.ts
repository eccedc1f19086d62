import assert from "node:assert/strict";
import { test } from "node:test";
import { SECRETS, SERVICE_ACCOUNTS } from "#/kube/resource-type.ts";
import { openOperator } from "./operator-bench.ts";

const KEY = "system/ci";
const SPEC = {
	registryRef: { name: "main" },
	permissions: [{ project: "*", actions: ["pull"] }],
	secret: { copyTo: { namespaceSelector: {} }, attachTo: { serviceAccounts: ["default"] } },
};

test("what is made for a robot is named after it, and owned by it or marked as its own", async () => {
	await using bench = await openOperator();
	bench.serve();
	bench.namespace("apps", { "limani.dev/accept-from": "system" });
	for (const namespace of ["system", "apps"])
		bench.kube.edit(SERVICE_ACCOUNTS, { metadata: { namespace, name: "default" } });
	bench.put("RobotAccount", KEY, SPEC);
	await bench.until(() => bench.settled() && bench.secretOf("apps/ci") !== undefined);
	const { uid, finalizers } = bench.get("RobotAccount", KEY)?.metadata ?? assert.fail();
	const made = bench.kube.all(SECRETS).map(({ metadata }) => metadata);
	const names = made.map(({ namespace, name }) => `${namespace}/${name}`).toSorted();
	assert.deepEqual(names, ["apps/ci", "system/ci", `system/limani-credential-${uid}`]);
	for (const { namespace, labels, ownerReferences = [] } of made) {
		assert.equal(labels?.["limani.dev/owner-uid"], uid);
		const owners = ownerReferences.map((one) => [one.kind, one.uid, one.controller]);
		assert.deepEqual(owners, namespace === "system" ? [["RobotAccount", uid, true]] : []);
	}
	assert.deepEqual(finalizers, ["limani.dev/cleanup"], "since nothing but it takes the copy away");
	const minted = bench.minted.length;
	await bench.restart();
	await bench.settle();
	assert.equal(bench.minted.length, minted, "an operator that knows nothing finds them by their names");
});

test("a Secret of somebody else's under a robot's name is told by a condition and by one Warning", async () => {
	await using bench = await openOperator();
	bench.serve();
	const foreign = bench.kube.edit(SECRETS, { metadata: { namespace: "system", name: "ci" }, data: { mine: "b3du" } });
	bench.put("RobotAccount", KEY, SPEC);
	await bench.until(() => bench.ready("RobotAccount", KEY).startsWith("NotOurs"));
	let looks = 5;
	await bench.until(() => looks-- === 0);
	await bench.restart();
	looks = 5;
	await bench.until(() => looks-- === 0);
	assert.deepEqual(
		bench.told.filter(({ about }) => about === `RobotAccount ${KEY}`),
		[{ about: `RobotAccount ${KEY}`, type: "Warning", reason: "NotOurs" }],
	);
	assert.equal(bench.kube.peek(SECRETS, { namespace: "system", name: "ci" }), foreign);
});
