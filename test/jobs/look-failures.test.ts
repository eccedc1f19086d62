import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MetadataError } from "#/metadata/metadata-error.ts";
import { eventually } from "../support/eventually.ts";
import { openPolicyBench } from "../support/policy-bench.ts";
import { forever } from "../support/registry.ts";

describe("a policy runner, when a look goes wrong", () => {
	it("runs the others when it cannot be told of one whether something happened to it, and asks about it again later and later", async () => {
		const { clock, put, open, told } = openPolicyBench();
		const { feature, runner } = open("a");
		for (const uid of ["bad", "good"]) put(uid, { suspend: false });
		feature.deaf.set("bad", new Error("its project cannot be read"));
		feature.events.add("good");
		await runner.look(forever);
		await eventually(() =>
			assert.deepEqual(
				feature.runs.map(({ run }) => run.policy.uid),
				["good"],
			),
		);
		assert.deepEqual(told, [{ event: "policy.events-failed", kind: "scripted", policy: "bad" }]);
		feature.events.clear();
		feature.runs[0]?.end({});
		for (const pause of [30_000, 60_000, 120_000, 240_000, 300_000, 300_000]) {
			clock.advance(pause - 1);
			await eventually(async () => {
				await runner.look(forever);
				assert.deepEqual(feature.asked, ["good"]);
			});
			clock.advance(1);
			await runner.look(forever);
			assert.deepEqual(feature.asked, ["bad", "good"]);
		}
		put("bad", { suspend: false, requestedAt: "x" });
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs[1]?.run.policy.uid, "bad", "a request needs no event"));
		feature.runs[1]?.end({});
		feature.deaf.clear();
		clock.advance(300_000);
		feature.events.add("bad");
		await eventually(async () => {
			await runner.look(forever);
			assert.equal(feature.runs[2]?.run.policy.uid, "bad");
		});
	});

	it("keeps to schedules and requests when it cannot look for events at all", async () => {
		const { put, open, told } = openPolicyBench();
		const { feature, runner } = open("a");
		put("p", { suspend: false, requestedAt: "x" });
		feature.failure = new Error("away");
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs.length, 1));
		assert.deepEqual(told, [{ event: "policy.events-failed", kind: "scripted" }]);
	});

	it("leaves a policy alone for a while that it cannot take, or judge, and goes on with the others", async () => {
		const { clock, policies, put, open, told } = openPolicyBench();
		const { feature, runner } = open("a");
		put("stuck", { suspend: false, requestedAt: "x" });
		put("wrong", { suspend: false, schedule: "no schedule" });
		put("p", { suspend: false, requestedAt: "x" });
		const find = policies.find.bind(policies);
		let isBroken = true;
		let tries = 0;
		policies.find = async (uid) => {
			if (uid !== "stuck" || !isBroken) return await find(uid);
			tries += 1;
			throw new Error("a row that cannot be read");
		};
		for (let i = 0; i < 3; i++) await runner.look(forever);
		await eventually(() =>
			assert.deepEqual(
				feature.runs.map(({ run }) => run.policy.uid),
				["p"],
			),
		);
		assert.equal(tries, 1);
		const failed = (policy: string) => ({ event: "policy.look-failed", kind: "scripted", policy });
		assert.deepEqual(told, [failed("wrong"), failed("stuck")]);
		isBroken = false;
		clock.advance(30_000);
		await runner.look(forever);
		await eventually(() => assert.equal(feature.runs[1]?.run.policy.uid, "stuck"));
	});

	it("gives a look up when the database is away, for that is about no policy", async () => {
		const { policies, put, open } = openPolicyBench();
		const { runner } = open("a");
		for (const uid of ["p", "q"]) put(uid, { suspend: false, requestedAt: "x" });
		const away = new MetadataError("UNAVAILABLE", "no answer");
		let tries = 0;
		policies.find = async () => {
			tries += 1;
			throw away;
		};
		await assert.rejects(runner.look(forever), away);
		assert.equal(tries, 1);
	});
});
