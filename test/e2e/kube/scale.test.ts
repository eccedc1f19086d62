import assert from "node:assert/strict";
import { test } from "node:test";
import { measureOperator, type OperatorResult } from "../../../bench/operator/measure.ts";
import { skipWithoutKube } from "../../support/kube-plane.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

/** The budget of docs/benchmark.md, as far as it does not depend on what else the machine does. */
const BUDGET = {
	/** From nothing to Ready, mean of a Project and a RobotAccount. */
	requestsEach: 6.5,
	connections: 3,
	/** Looks at others and at itself from a user's edit until it is Ready; an idle machine has more than these in a second. */
	looksUntilEdited: 150,
	/** MiB above an operator without resources; that of 10,000 is 150. */
	memory: 75,
};

/** Projects, and as many RobotAccounts. */
const COUNT = 100;

test(`the start of ${COUNT} Projects and ${COUNT} RobotAccounts keeps to its budget on a real API server, and rest and another start write nothing`, {
	skip: skipWithoutKube(),
	timeout: 600_000,
}, async (t) => {
	const folder = temporaryDirectory(t);
	const result = await measureOperator({ count: COUNT, idleSeconds: 5, folder });
	t.diagnostic(JSON.stringify(result));
	const { start, edit, idle, again, memory } = result;
	assert.ok(start.requests / (2 * COUNT) <= BUDGET.requestsEach, `${start.requests} requests`);
	assert.ok(start.connections <= BUDGET.connections, `${start.connections} connections`);
	assert.ok(waited(result), "the edit came while others waited");
	assert.ok(edit.reconciles <= BUDGET.looksUntilEdited, `${edit.reconciles} looks until an edit was Ready`);
	assert.ok(memory.peak - memory.empty <= BUDGET.memory, `${memory.peak} MiB, ${memory.empty} without resources`);
	assert.equal(idle.writes, 0, "nothing is written at rest");
	assert.equal(again.writes, 0, "nothing is written by another process that finds all in order");
});

const waited = ({ edit, count }: OperatorResult): boolean => edit.readyBefore < count;
