import assert from "node:assert/strict";
import { test } from "node:test";
import { robotAccountKind } from "#/api/kinds/robot-account.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { openOperator } from "../operator-bench.ts";

const COUNT = Number(process.env.LIMANI_TEST_ROBOTS ?? 500);

const specOf = (project: string) => ({
	registryRef: { name: "main" },
	permissions: [{ project, actions: ["pull"] }],
});

test(`among ${COUNT} robots one change sends one change, and a restart of everything sends and writes none`, async () => {
	await using bench = await openOperator();
	bench.serve();
	const names = Array.from({ length: COUNT }, (_, i) => `system/robot-${i}`);
	for (const name of names) bench.put("RobotAccount", name, specOf("web"));
	await bench.settle();
	assert.equal(bench.kube.all(SECRETS).length, 2 * COUNT);
	assert.equal(bench.minted.length, COUNT);
	const seen = new Map<string, number>();
	const positions = async (): Promise<readonly string[]> => {
		const changed: string[] = [];
		for (let cursor = 0; ; ) {
			const page = await bench.plane.control.observe({ cursor, limit: 1_000 }, AbortSignal.timeout(30_000));
			if (page.changes.length === 0) return changed;
			for (const { uid, cursor: at } of page.changes) {
				if (seen.get(uid) !== at) changed.push(uid);
				seen.set(uid, at);
			}
			cursor = page.cursor;
		}
	};
	assert.equal((await positions()).length, COUNT);
	bench.put("RobotAccount", "system/robot-7", specOf("api"));
	await bench.settle();
	assert.deepEqual(await positions(), [bench.get("RobotAccount", "system/robot-7")?.metadata.uid]);
	const writes = bench.kube.writes.length;
	await bench.restart();
	await bench.settle();
	assert.deepEqual(await positions(), []);
	assert.equal(bench.kube.writes.length, writes);
	assert.equal(bench.minted.length, COUNT);
	assert.equal(bench.kube.all(robotAccountKind).length, COUNT);
});
