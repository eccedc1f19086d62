import assert from "node:assert/strict";
import { it } from "node:test";
import { inTurn } from "#/jobs/turns.ts";

const policy = (name: string, ranAt: number) => ({ name, tenant: name.slice(0, 1), ranAt });
const order = (waiting: readonly ReturnType<typeof policy>[], others: readonly ReturnType<typeof policy>[] = []) =>
	inTurn(waiting, [...waiting, ...others]).map(({ name }) => name);

it("tenants take turns, and each tenant's policies do, whoever has waited longest first", () => {
	assert.deepEqual(order([policy("a1", 5), policy("a2", 1), policy("a3", 3), policy("b1", 9), policy("c1", 0)]), [
		"c1",
		"a2",
		"b1",
		"a3",
		"a1",
	]);
});

it("a tenant whose other policies run, or ran just now, comes after those who have waited", () => {
	assert.deepEqual(order([policy("a1", 0), policy("b1", 5)], [policy("a2", 9)]), ["b1", "a1"]);
});
