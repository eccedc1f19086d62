import assert from "node:assert/strict";
import { test } from "node:test";
import { ControlError } from "#/control/control-error.ts";
import { conditionsOf, findCondition } from "#/kube/status/condition.ts";
import { openOperator } from "./operator-bench.ts";
import { type Bench, make, TENDED, type Tended } from "./tended.ts";

const readyOf = (bench: Bench, { kind }: Tended, key: string) => {
	const object = bench.get(kind, key);
	return object === undefined ? undefined : findCondition(conditionsOf(object), "Ready");
};

/** Lets the controllers look at everything so many times. */
const look = async (bench: Bench, times = 1): Promise<void> => {
	let left = times;
	await bench.until(() => --left <= 0);
};

const CASES: readonly (readonly [name: string, set: (bench: Bench, tended: Tended) => string, reason: string])[] = [
	["where there is no Registry", (bench, tended) => make(bench, tended), "DependencyNotReady"],
	[
		"where it may not name the Registry",
		(bench, tended) => {
			bench.serve();
			bench.namespace("nobody");
			return make(bench, tended, {}, "nobody");
		},
		"NotAllowed",
	],
	[
		"where its spec makes no sense",
		(bench, tended) => {
			bench.serve();
			return make(bench, tended, tended.wrong);
		},
		"InvalidSpec",
	],
];

for (const tended of TENDED) {
	for (const [name, set, reason] of CASES) {
		test(`a ${tended.kind} has a Ready after its first look, ${name}`, async () => {
			await using bench = await openOperator();
			const key = set(bench, tended);
			await look(bench);
			const ready = readyOf(bench, tended, key);
			assert.deepEqual([ready?.status, ready?.reason, ready?.observedGeneration], ["False", reason, 1]);
			assert.notEqual(ready?.message, "");
		});
	}

	test(`a ${tended.kind} has a Ready though its registry never answers`, async () => {
		await using bench = await openOperator();
		bench.plane.control.begin = () => Promise.reject(new ControlError("UNAVAILABLE", "no answer"));
		bench.serve();
		const key = make(bench, tended);
		await bench.until(() => readyOf(bench, tended, key) !== undefined);
		assert.equal(readyOf(bench, tended, key)?.status, "False");
	});

	test(`a ${tended.kind} that waits for its Registry is Ready once that comes, untouched`, async () => {
		await using bench = await openOperator();
		const key = make(bench, tended);
		await look(bench);
		assert.equal(readyOf(bench, tended, key)?.reason, "DependencyNotReady");
		const before = bench.get(tended.kind, key);
		bench.serve();
		await bench.settle();
		assert.equal(readyOf(bench, tended, key)?.reason, "Succeeded");
		const after = bench.get(tended.kind, key);
		assert.deepEqual([after?.spec, after?.metadata.generation], [before?.spec, before?.metadata.generation]);
	});

	test(`a ${tended.kind} whose spec cannot be acted upon is Stalled, and written once`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended, tended.wrong);
		await look(bench);
		const conditions = conditionsOf(bench.get(tended.kind, key) ?? assert.fail());
		assert.equal(findCondition(conditions, "Stalled")?.reason, "InvalidSpec");
		assert.equal(findCondition(conditions, "Reconciling"), undefined);
		const writes = () => bench.kube.writes.filter((write) => write.kind === tended.kind && write.key === key).length;
		assert.equal(writes(), 1);
		await look(bench, 5);
		assert.equal(writes(), 1);
		bench.put(tended.kind, key, tended.spec);
		await bench.settle();
		assert.equal(readyOf(bench, tended, key)?.reason, "Succeeded");
	});

	test(`a ${tended.kind} whose spec came to make no sense keeps what its status says`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended);
		await bench.settle();
		const saidOf = () => {
			const { conditions: _, observedGeneration: __, ...said } = Object(bench.get(tended.kind, key)?.status);
			return said;
		};
		const before = saidOf();
		assert.notDeepEqual(before, {});
		bench.put(tended.kind, key, { ...tended.spec, ...tended.wrong });
		await bench.until(() => bench.ready(tended.kind, key).startsWith("InvalidSpec"));
		assert.deepEqual(saidOf(), before);
	});
}
