import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Condition, conditionsOf, findCondition, setCondition } from "#/kube/status/condition.ts";
import { mergeDiff } from "#/kube/status/merge-diff.ts";
import { roundUsage } from "#/kube/status/round-usage.ts";
import { type SummaryInput, summarize } from "#/kube/status/summarize.ts";
import { VolatileStatus } from "#/kube/status/volatile-status.ts";
import { ManualTiming } from "../../support/manual-timing.ts";
import { assertStatus } from "../../support/status-lint.ts";
import { widget } from "../../support/widgets.ts";

const draft = (status: Condition["status"], message = "so it is") => ({
	type: "Synced",
	status,
	reason: "Because",
	message,
	observedGeneration: 1,
});

describe("a condition", () => {
	it("changes the time of its last transition only with its status", () => {
		const first = setCondition([], draft("True"), "2026-01-01T00:00:00Z");
		const second = setCondition(
			first,
			{ ...draft("True", "another word"), observedGeneration: 2 },
			"2026-01-02T00:00:00Z",
		);
		assert.deepEqual(second, [
			{ ...draft("True", "another word"), observedGeneration: 2, lastTransitionTime: "2026-01-01T00:00:00Z" },
		]);
		const third = setCondition(second, draft("False"), "2026-01-03T00:00:00Z");
		assert.equal(third[0]?.lastTransitionTime, "2026-01-03T00:00:00Z");
	});

	it("cuts a message that is longer than 1 KiB between two characters", () => {
		const message = (text: string) => setCondition([], draft("True", text), "2026-01-01T00:00:00Z")[0]?.message ?? "";
		assert.equal(message("é".repeat(512)), "é".repeat(512));
		assert.equal(message("é".repeat(513)), `${"é".repeat(510)}…`);
		assert.ok(Buffer.byteLength(message("🐙".repeat(900))) <= 1024);
		assert.ok(!message(`x${"🐙".repeat(900)}`).includes("\ufffd"));
	});

	it("is read from whatever a status holds", () => {
		assert.deepEqual(conditionsOf(widget("a")), []);
		assert.deepEqual(conditionsOf(widget("a", {}, { status: { conditions: "none" } })), []);
		const [good] = setCondition([], draft("True"), "2026-01-01T00:00:00Z");
		assert.deepEqual(conditionsOf(widget("a", {}, { status: { conditions: [null, 7, { type: "x" }, good] } })), [good]);
	});
});

const base: SummaryInput = {
	previous: [],
	owned: ["Synced", "SecretWritten"],
	findings: [],
	ready: { reason: "Succeeded", message: "it serves" },
	generation: 2,
	observedGeneration: 1,
	now: "2026-02-01T00:00:00Z",
};
const good = { type: "Synced", status: "True", reason: "Applied", message: "all is applied" } as const;
const bad = { type: "SecretWritten", status: "False", reason: "Foreign", message: "it is another's" } as const;
const unknown = { type: "SecretWritten", status: "Unknown", reason: "Unreachable", message: "nobody knows" } as const;

/** The conditions in short, after the linter has seen them. */
const said = (input: SummaryInput): { root: number; short: string[] } => {
	const status = summarize(input);
	assertStatus(widget("a", { generation: input.generation }, { status }));
	return {
		root: status.observedGeneration,
		short: status.conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`),
	};
};

describe("a summary", () => {
	const cases: readonly [string, Partial<SummaryInput>, number, string[]][] = [
		["all is well", { findings: [good] }, 2, ["Ready=True Succeeded", "Synced=True Applied"]],
		[
			"one thing is not well, which is tried again",
			{ findings: [good, bad] },
			1,
			[
				"Ready=False Foreign",
				"Reconciling=True ProgressingWithRetry",
				"Synced=True Applied",
				"SecretWritten=False Foreign",
			],
		],
		[
			"nobody knows how one thing is",
			{ findings: [unknown] },
			1,
			["Ready=False Unreachable", "Reconciling=True ProgressingWithRetry", "SecretWritten=Unknown Unreachable"],
		],
		[
			"nothing helps but a change",
			{ findings: [bad], progress: { is: "Stalled", reason: "Foreign", message: "rename it" } },
			2,
			["Ready=False Foreign", "Stalled=True Foreign", "SecretWritten=False Foreign"],
		],
		[
			"work goes on",
			{ findings: [good], progress: { is: "Reconciling", reason: "Progressing", message: "it starts" } },
			1,
			["Ready=False Progressing", "Reconciling=True Progressing", "Synced=True Applied"],
		],
		[
			"it is as it was wanted, though not ready",
			{ findings: [bad], progress: { is: "Settled" } },
			2,
			["Ready=False Foreign", "SecretWritten=False Foreign"],
		],
	];
	for (const [what, input, root, short] of cases) {
		it(`says when ${what}`, () => assert.deepEqual(said({ ...base, ...input }), { root, short }));
	}

	it("takes back what was said before, keeps what others said, and the times of what stays as it was", () => {
		const now = "2026-01-01T00:00:00Z";
		const before = summarize({ ...base, findings: [bad], now }).conditions;
		const others: Condition = { type: "Audited", status: "True", reason: "Fine", message: "", lastTransitionTime: now };
		const first = summarize({ ...base, findings: [good], previous: [...before, others] });
		assert.deepEqual(
			first.conditions.map(({ type }) => type),
			["Ready", "Synced", "Audited"],
		);
		assert.equal(findCondition(first.conditions, "Audited"), others);
		const again = summarize({ ...base, findings: [good], previous: first.conditions, now: "2026-03-01T00:00:00Z" });
		assert.deepEqual(again, first);
	});

	it("never says that a generation was observed which is still to come", () => {
		assert.equal(summarize({ ...base, findings: [bad], observedGeneration: 7 }).observedGeneration, 2);
	});
});

describe("the difference of two statuses", () => {
	const cases: readonly [object, object, object | undefined][] = [
		[{}, {}, undefined],
		[{ a: 1, b: { c: [1] } }, { b: { c: [1] }, a: 1 }, undefined],
		[{ a: 1 }, { a: 1, b: undefined }, undefined],
		[{ a: 1, b: 2 }, { a: 1 }, { b: null }],
		[{ a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: null } }],
		[{ list: [{ a: 1 }] }, { list: [{ a: 1, b: undefined }] }, undefined],
		[{ list: [1, 2] }, { list: [1] }, { list: [1] }],
		[{ a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }],
	];
	for (const [before, after, patch] of cases) {
		it(`of ${JSON.stringify(before)} and ${JSON.stringify(after)} is ${JSON.stringify(patch)}`, () => {
			assert.deepEqual(mergeDiff({ ...before }, { ...after }), patch);
		});
	}
});

describe("the volatile part of a status", () => {
	it("is written at once when it never was, and then at most every five minutes", async () => {
		const timing = new ManualTiming();
		const usage = new VolatileStatus({ timing });
		assert.deepEqual(usage.choose("a", undefined, 1), { value: 1 });
		await timing.advance(60_000);
		assert.deepEqual(usage.choose("a", 1, 2), { value: 1, againMs: 240_000 });
		assert.deepEqual(usage.choose("a", 1, 1), { value: 1 });
		await timing.advance(240_000);
		assert.deepEqual(usage.choose("a", 1, 2), { value: 2 });
		assert.deepEqual(usage.choose("a", 2, 3), { value: 2, againMs: 300_000 });
	});

	it("stays within a budget for all objects, whose share comes back with time", async () => {
		const timing = new ManualTiming();
		const usage = new VolatileStatus({ timing });
		await timing.advance(60_000);
		const written = () => Array.from({ length: 20 }, (_, i) => usage.choose(`${timing.monotonic()}-${i}`, 1, 2));
		assert.deepEqual(
			written().map(({ value }) => value),
			[...Array(5).fill(2), ...Array(15).fill(1)],
		);
		assert.equal(written().filter(({ againMs }) => againMs !== undefined && againMs >= 1000).length, 20);
		await timing.advance(400);
		assert.equal(written().filter(({ value }) => value === 2).length, 2);
	});

	it("is rounded to three digits", () => {
		assert.deepEqual([0, 7, 999, 1_004, 123_456_789].map(roundUsage), [0, 7, 999, 1_000, 123_000_000]);
	});
});
