import assert from "node:assert/strict";
import { test } from "node:test";
import { registryKind } from "#/api/kinds/registry.ts";
import { STATEFUL_SETS } from "#/kube/resource-type.ts";
import { openCluster } from "./cluster.ts";

const { signal } = new AbortController();

test("no metric of the operator has the name of an object among its labels, whatever there is", async () => {
	await using stack = new AsyncDisposableStack();
	const { client, start, create, until } = await openCluster(stack);
	const { ask } = await start("pod-1");
	const series = async () => {
		const lines = (await (await ask("/metrics")).text()).split("\n");
		return lines.filter((line) => /^(controller_runtime|workqueue|rest_client|leader_election)_/.test(line));
	};
	const make = async (name: string) => {
		await create("team-a", name);
		await until(STATEFUL_SETS, `${name}-registry`, (object) => object !== undefined);
	};
	await make("unmistakable-1");
	const few = await series();
	for (let i = 2; i <= 6; i++) await make(`unmistakable-${i}`);
	const many = await series();
	assert.ok(many.length > 50);
	for (const line of many) assert.doesNotMatch(line, /unmistakable|team-a/);
	const labels = new Set(many.flatMap((line) => Array.from(line.matchAll(/[{,](\w+)="/g), ([, name = ""]) => name)));
	const known = ["code", "controller", "host", "le", "method", "name", "priority", "result", "verb"];
	assert.deepEqual([...labels].toSorted(), known);
	// A verb or a code that was not seen before may come, an object may not.
	assert.ok(many.length < few.length + 40, `${few.length} series became ${many.length}`);
	for (let i = 1; i <= 6; i++) {
		const ref = { namespace: "team-a", name: `unmistakable-${i}` };
		await client.delete(registryKind, ref, {}, signal);
		await until(registryKind, ref.name, (object) => object === undefined);
	}
	assert.ok((await series()).length < few.length + 40);
});
