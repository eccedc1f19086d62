import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { eventually } from "../support/eventually.ts";
import { openPolicyBench } from "../support/policy-bench.ts";
import { forever } from "../support/registry.ts";

const MINUTE = 60_000;
const wanted = (name: string) => ({ name, suspend: false, requestedAt: "x" });

describe("a policy runner, between tenants", () => {
	it("leaves room beside the runs of one namespace, however many of its policies are due", async () => {
		const { put, open } = openPolicyBench();
		const { feature, runner } = open("a", { concurrency: 2 });
		const running = () => feature.runs.filter(({ signal }) => !signal.aborted).map(({ run }) => run.policy.uid);
		for (const uid of ["a1", "a2", "a3"]) put(uid, wanted(`a/${uid}`));
		await runner.look(forever);
		await eventually(() => assert.deepEqual(running(), ["a1"]));
		put("z1", wanted("z/z1"));
		await runner.look(forever);
		await eventually(() => assert.deepEqual(running(), ["a1", "z1"]));
	});

	it("gives the places to namespaces in turn: one with a hundred policies due keeps nobody waiting", async () => {
		const { clock, put, open } = openPolicyBench();
		const { feature, runner } = open("a", { concurrency: 1 });
		for (let i = 0; i < 100; i++) put(`a${i}`, wanted(`a/${i}`));
		for (const uid of ["y1", "y2", "z1"]) put(uid, wanted(`${uid.slice(0, 1)}/${uid}`));
		const order: (string | undefined)[] = [];
		for (let i = 0; i < 7; i++) {
			await eventually(async () => {
				clock.advance(10);
				await runner.look(forever);
				assert.equal(feature.runs.length, i + 1);
			});
			order.push(feature.runs[i]?.run.policy.uid.slice(0, 1));
			feature.runs[i]?.end({});
		}
		assert.deepEqual(order, ["a", "y", "z", "a", "y", "a", "a"]);
	});

	it("ends a run of the namespace that waits where that has all the places it may have, and no other", async () => {
		const { clock, put, open } = openPolicyBench();
		const { feature, runner } = open("a", { concurrency: 4, perTenant: 1, turnMs: 15 * MINUTE });
		const isEnded = () => Object.fromEntries(feature.runs.map(({ run, signal }) => [run.policy.uid, signal.aborted]));
		put("z1", wanted("z/z1"));
		await runner.look(forever);
		clock.advance(MINUTE);
		put("a1", wanted("a/a1"));
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 2));
		put("a2", wanted("a/a2"));
		clock.advance(14 * MINUTE);
		await runner.look(forever);
		assert.deepEqual(isEnded(), { z1: false, a1: false }, "z1 had its turn, but its place is of no use to a2");
		clock.advance(MINUTE);
		await runner.look(forever);
		assert.deepEqual(isEnded(), { z1: false, a1: true });
		await eventually(async () => {
			await runner.look(forever);
			assert.deepEqual(isEnded(), { z1: false, a1: true, a2: false });
		});
	});

	it("ends no run for a policy that runs in another process, whatever happens to that meanwhile", async () => {
		const { clock, put, open } = openPolicyBench();
		const opts = { concurrency: 1, turnMs: 15 * MINUTE, leaseMs: 1_000 * MINUTE };
		const [a, b] = [open("a", opts), open("b", opts)];
		put("p", wanted("p/p"));
		await a.runner.look(forever);
		await eventually(() => assert.equal(a.feature.runs.length, 1));
		put("q", wanted("q/q"));
		await b.runner.look(forever);
		await eventually(() => assert.equal(b.feature.runs.length, 1));
		b.feature.events.add("p");
		clock.advance(20 * MINUTE);
		await b.runner.look(forever);
		assert.equal(b.feature.runs[0]?.signal.aborted, false);
		put("z", wanted("z/z"));
		await b.runner.look(forever);
		assert.equal(b.feature.runs[0]?.signal.aborted, true, "z waits");
	});

	it("gives a run that had to make room a longer turn each time, so that it comes to its end", async () => {
		const { clock, put, open, outcomes } = openPolicyBench();
		const { feature, runner } = open("a", { concurrency: 1, turnMs: 15 * MINUTE, leaseMs: 1_000 * MINUTE });
		const lookUntil = (uid: string) =>
			eventually(async () => {
				clock.advance(10);
				await runner.look(forever);
				const last = feature.runs.at(-1);
				assert.deepEqual([last?.run.policy.uid, last?.signal.aborted], [uid, false]);
			});
		put("long", wanted("a/long"));
		for (const minutes of [15, 30, 60]) {
			await lookUntil("long");
			const run = feature.runs.at(-1);
			put("other", { ...wanted("b/other"), requestedAt: String(minutes) });
			clock.advance((minutes - 1) * MINUTE);
			await runner.look(forever);
			assert.equal(run?.signal.aborted, false, `${minutes} minutes are not over`);
			clock.advance(MINUTE);
			await lookUntil("other");
			assert.equal(run?.signal.aborted, true);
			feature.runs.at(-1)?.end({});
		}
		await lookUntil("long");
		feature.runs.at(-1)?.end({});
		await eventually(() => assert.equal(outcomes("long")[0], "Request Succeeded"));
	});
});
