import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { retentionReport } from "#/api/retention-report.ts";
import { Retention } from "#/features/retention/index.ts";
import type { RunProgress } from "#/jobs/policy-feature.ts";
import { digestNamed, MemoryArtifacts } from "../../support/memory-artifacts.ts";
import { forever } from "../../support/registry.ts";
import { DAY, NOW, planned, policyOf } from "./planned.ts";

const RULES = [{ name: "two", keep: { latestPushed: 2 } }];
const EASY = { guard: { maxShare: 100 } };

/** Runs a policy once, as its runner would. */
const runOnce = async (
	artifacts: MemoryArtifacts,
	spec: ReturnType<typeof policyOf>,
	{ signal = forever, quietMs = Number.POSITIVE_INFINITY }: { signal?: AbortSignal; quietMs?: number } = {},
) => {
	const removed: number[] = [];
	const feature = new Retention({
		artifacts,
		clock: { look: async () => ({ now: NOW, quietMs }) },
		quietMs: DAY,
		meter: { removed: (count) => void removed.push(count) },
	});
	const kept: RunProgress[] = [];
	const policy = { uid: "p", generation: 1, spec };
	const run = { id: "r", trigger: "Request" as const, isRetry: false, startedAt: NOW, policy, state: undefined };
	const result = await feature.run({ ...run, keep: async (progress) => void kept.push(progress) }, signal);
	const { figures, report } = feature.blank(spec);
	const { outcome, message } = result;
	const entry = { ...figures, ...result.figures, id: "r", trigger: "Request", startedAt: NOW, outcome, message };
	return { ...retentionReport.parse({ ...report, ...result.report, runs: [entry] }), kept, removed };
};

const fill = (artifacts: MemoryArtifacts, repository: string, count: number) => {
	for (let i = 0; i < count; i++) {
		artifacts.put(repository, { name: `${repository}-${i}`, tags: [`t${i}`], pushedAt: NOW - i * DAY });
	}
};

describe("a retention run", () => {
	it("removes what its plan says and reports it", async () => {
		const artifacts = new MemoryArtifacts();
		fill(artifacts, "p/a", 4);
		fill(artifacts, "p/b", 1);
		artifacts.put("p/a", { name: "index", tags: ["old"], pushedAt: 1, children: [digestNamed("part")] });
		artifacts.put("p/a", { name: "part", pushedAt: 1 });
		artifacts.put("p/a", { name: "sbom", subject: digestNamed("part"), pushedAt: 1 });
		const { runs, explain, removed } = await runOnce(artifacts, policyOf(RULES, EASY));
		assert.deepEqual(artifacts.names("p/a"), ["p/a-0", "p/a-1"]);
		assert.deepEqual(artifacts.names("p/b"), ["p/b-0"]);
		const parts = artifacts.retired.filter((name) => /index|part|sbom/.test(name));
		assert.deepEqual(parts, ["p/a@index", "p/a@part", "p/a@sbom"]);
		const [run] = runs;
		assert.deepEqual([run?.looked, run?.kept, run?.removed, run?.bytes], [8, 3, 5, 500]);
		assert.deepEqual(run?.byRule, [{ rule: "two", kept: 3 }]);
		assert.equal(run?.message, "removed 5 of 8 artifacts (500 bytes) in 1 repository");
		assert.equal(explain.length, 5);
		assert.deepEqual(removed, [5, 0]);
	});

	it("reports no more than fits, however long names and words are", async () => {
		const artifacts = new MemoryArtifacts();
		const repository = `p/${"r".repeat(200)}`;
		for (let i = 0; i < 40; i++) {
			const tags = Array.from({ length: 60 }, (_, n) => `${i}-${n}-`.padEnd(128, "x"));
			artifacts.put(repository, { name: `${i}`, tags, pushedAt: NOW - i });
		}
		const rules = Array.from({ length: 15 }, (_, i) => ({
			name: `${i}-`.padEnd(63, "\u{4e00}"),
			keep: { latestPushed: 1 },
		}));
		const { runs, explain } = await runOnce(artifacts, policyOf(rules, { ...EASY, dryRun: true }));
		assert.ok(explain.length >= 15);
		assert.ok(Buffer.byteLength(JSON.stringify({ runs: Array(5).fill(runs[0]), explain })) < 56 * 1024);
	});

	it("removes nothing when it is dry, and says the same", async () => {
		const artifacts = new MemoryArtifacts();
		fill(artifacts, "p/a", 30);
		const { runs, explain } = await runOnce(artifacts, policyOf(RULES, { ...EASY, dryRun: true }));
		assert.deepEqual(artifacts.retired, []);
		assert.equal(runs[0]?.message, "would remove 28 of 30 artifacts (2800 bytes) in 1 repository");
		assert.deepEqual([runs[0]?.dryRun, runs[0]?.removed], [true, 28]);
		assert.equal(explain.length, 20);
	});

	for (const [count, guard, isStopped] of [
		[4, {}, false],
		[21, {}, false],
		[22, {}, true],
		[22, { minimum: 21 }, false],
		[4, { minimum: 0 }, false],
		[5, { minimum: 0 }, true],
		[50, { maxShare: 96 }, false],
		[50, { maxShare: 95 }, true],
	] as const) {
		it(`${isStopped ? "stops before" : "begins with"} the first of ${count} under ${JSON.stringify(guard)}`, async () => {
			const artifacts = new MemoryArtifacts();
			fill(artifacts, "p/a", count);
			const { runs } = await runOnce(artifacts, policyOf(RULES, { guard }));
			assert.equal(runs[0]?.outcome, isStopped ? "Stopped" : "Succeeded");
			assert.equal(artifacts.retired.length, isStopped ? 0 : count - 2);
			assert.equal(runs[0]?.removed, artifacts.retired.length);
			if (isStopped)
				assert.match(runs[0]?.message ?? "", new RegExp(`nothing was removed: ${count - 2} of ${count} artifacts`));
		});
	}

	it("leaves what changed since it looked, with all that belongs to it", async () => {
		const artifacts = new MemoryArtifacts();
		fill(artifacts, "p/a", 2);
		artifacts.put("p/a", { name: "index", tags: ["old"], pushedAt: 1, children: [digestNamed("part")] });
		artifacts.put("p/a", { name: "part", pushedAt: 1 });
		artifacts.put("p/a", { name: "signature", subject: digestNamed("index"), pushedAt: 1 });
		artifacts.put("p/a", { name: "other", tags: ["x"], pushedAt: 1 });
		artifacts.onRetire = (repository, digest) => {
			if (digest === digestNamed("index")) {
				artifacts.put(repository, {
					name: "index",
					tags: ["old"],
					pushedAt: 1,
					pulledAt: 2,
					children: [digestNamed("part")],
				});
			}
		};
		const { runs, explain } = await runOnce(artifacts, policyOf(RULES, EASY));
		assert.deepEqual(artifacts.retired, ["p/a@other"]);
		assert.match(runs[0]?.message ?? "", /removed 1 of 6 .*; 3 stay/);
		const index = explain.find(({ digest }) => digest === digestNamed("index"));
		assert.deepEqual(
			[index?.keep, index?.why],
			[true, "it stays, for it was pushed, pulled or tagged since this run looked at it"],
		);
	});

	it("ends between two removals when it is told to, and goes on where it was", async () => {
		const artifacts = new MemoryArtifacts();
		fill(artifacts, "p/a", 100);
		const stop = new AbortController();
		artifacts.onRetire = () => {
			if (artifacts.retired.length === 10) stop.abort(new Error("stop"));
		};
		await assert.rejects(runOnce(artifacts, policyOf(RULES, EASY), { signal: stop.signal }), /stop/);
		assert.ok(artifacts.retired.length < 30);
		const before = await planned(artifacts, policyOf(RULES, EASY));
		await runOnce(artifacts, policyOf(RULES, EASY));
		assert.deepEqual(artifacts.names("p/a"), before.kept["p/a"]);
		assert.equal(artifacts.retired.length, 98);
	});

	it("removes nothing after the database's clock jumped, but tells what it would", async () => {
		const artifacts = new MemoryArtifacts();
		fill(artifacts, "p/a", 9);
		const { runs } = await runOnce(artifacts, policyOf(RULES, EASY), { quietMs: DAY - 1 });
		assert.equal(runs[0]?.outcome, "Stopped");
		assert.match(runs[0]?.message ?? "", /clock jumped 1440 minutes ago/);
		const dry = await runOnce(artifacts, policyOf(RULES, { ...EASY, dryRun: true }), { quietMs: 0 });
		assert.equal(dry.runs[0]?.removed, 7);
		assert.deepEqual(artifacts.retired, []);
	});
});
