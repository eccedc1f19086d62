import assert from "node:assert/strict";
import { test } from "node:test";
import { openOperator } from "./operator-bench.ts";
import { make, TENDED } from "./tended.ts";

const REGISTRY = "system/main";

for (const tended of TENDED) {
	const { kind } = tended;

	test(`a suspended ${kind} that is deleted goes`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended);
		await bench.settle();
		bench.put(kind, key, { ...tended.spec, suspend: true });
		await bench.settle();
		assert.match(bench.ready(kind, key), /^Suspended/);
		const { observedGeneration } = Object(bench.get(kind, key)?.status);
		assert.equal(observedGeneration, 2, "its status is written nevertheless");
		await bench.remove(kind, key);
		await bench.until(() => bench.get(kind, key) === undefined);
	});

	test(`a ${kind} whose Registry has gone can go`, async () => {
		await using bench = await openOperator();
		bench.serve();
		const key = make(bench, tended);
		await bench.settle();
		assert.deepEqual(bench.get(kind, key)?.metadata.finalizers, ["limani.dev/cleanup"]);
		await bench.planes[Symbol.asyncDispose]();
		await bench.remove("Registry", REGISTRY);
		await bench.remove(kind, key);
		await bench.until(() => bench.get(kind, key) === undefined);
	});

	test(`a ${kind} whose Registry never was leaves nothing behind and can go`, async () => {
		await using bench = await openOperator();
		const key = make(bench, tended);
		await bench.until(() => bench.ready(kind, key).startsWith("DependencyNotReady"));
		assert.equal(bench.get(kind, key)?.metadata.finalizers, undefined);
		await bench.remove(kind, key);
		assert.equal(bench.get(kind, key), undefined);
	});
}
