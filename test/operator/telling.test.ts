import assert from "node:assert/strict";
import { test } from "node:test";
import { openOperator } from "./operator-bench.ts";
import { type Bench, make, TENDED } from "./tended.ts";

/** What is told of one by its events. */
const told = (bench: Bench, about: string): readonly string[] =>
	bench.told.filter((one) => one.about === about).map(({ type, reason }) => `${type} ${reason}`);

/** More looks, also by an operator that knows nothing of what was told. */
const lookOn = async (bench: Bench): Promise<void> => {
	for (const _ of [1, 2]) {
		let looks = 4;
		await bench.until(() => looks-- === 0);
		await bench.restart();
		await bench.settle();
	}
};

for (const tended of TENDED) {
	const { kind } = tended;

	test(`what happens to a ${kind} is told by one event each, and further looks tell nothing`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended);
		const about = `${kind} ${key}`;
		await bench.settle();
		const first = kind === "RobotAccount" ? "Normal CredentialIssued" : "Normal Succeeded";
		assert.deepEqual(told(bench, about), [first]);
		await lookOn(bench);
		assert.deepEqual(told(bench, about), [first]);
		bench.put(kind, key, { ...tended.spec, ...tended.wrong });
		await bench.until(() => bench.ready(kind, key).startsWith("InvalidSpec"));
		await lookOn(bench);
		assert.deepEqual(told(bench, about), [first, "Warning InvalidSpec"]);
		bench.put(kind, key, tended.spec);
		await bench.settle();
		await lookOn(bench);
		assert.deepEqual(told(bench, about), [first, "Warning InvalidSpec", "Normal Succeeded"]);
	});
}
