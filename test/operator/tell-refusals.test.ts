import assert from "node:assert/strict";
import { test } from "node:test";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { createRobotAccountReconcile } from "#/operator/robot-account/index.ts";
import { openOperator } from "./operator-bench.ts";

const KEY = "system/ci";
const MESSAGE = 'secrets "ci" is forbidden: User "limani" cannot get resource "secrets" in the namespace "system"';

/** Done after so many looks. */
const looks = (count: number) => {
	let left = count;
	return () => {
		left--;
		return left <= 0;
	};
};

test("a robot in a namespace whose Secrets the operator may not have says so, and goes on when it may", async () => {
	await using bench = await openOperator();
	bench.serve();
	bench.kube.before = (_verb, kind) => {
		if (kind === "Secret") throw new KubeError("FORBIDDEN", MESSAGE);
	};
	bench.put("RobotAccount", KEY, { registryRef: { name: "main" } });
	await bench.until(() => bench.ready("RobotAccount", KEY) === `Failed: ${MESSAGE}`);
	const written = bench.kube.writes.length;
	await bench.until(looks(3));
	assert.equal(bench.kube.writes.length, written, "what was said is not said again");
	bench.kube.before = () => undefined;
	await bench.settle();
	assert.match(bench.ready("RobotAccount", KEY), /^Succeeded: /);
	assert.ok(await bench.accepts(KEY, bench.secretOf(KEY)));
});

test("where the status is forbidden too, the failure is told as it came", async () => {
	await using bench = await openOperator();
	bench.serve();
	bench.put("RobotAccount", KEY, { registryRef: { name: "main" } });
	await bench.settle();
	bench.kube.before = (verb, kind) => {
		throw new KubeError("FORBIDDEN", `${verb} ${kind}`);
	};
	bench.put(
		"RobotAccount",
		KEY,
		{ registryRef: { name: "main" } },
		{ annotations: { "limani.dev/requestedAt": "1", "limani.dev/forceAt": "1" } },
	);
	bench.kube.deliver();
	const reconcile = createRobotAccountReconcile(bench.deps(robotAccountKind));
	await assert.rejects(reconcile(KEY, AbortSignal.timeout(10_000)), { code: "FORBIDDEN", message: /Secret$/ });
	assert.match(bench.ready("RobotAccount", KEY), /^Succeeded: /);
});
