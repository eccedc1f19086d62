import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Condition } from "#/kube/status/condition.ts";
import { assertStatus, lintStatus, type StatusLintOpts } from "./status-lint.ts";
import { widget } from "./widgets.ts";

const condition = (type: string, status: Condition["status"], rest: Partial<Condition> = {}): Condition => ({
	type,
	status,
	reason: "Because",
	message: "so it is",
	observedGeneration: 2,
	lastTransitionTime: "2026-01-01T00:00:00Z",
	...rest,
});

const withStatus = (conditions: readonly Condition[], observedGeneration = 2) =>
	widget("a", { generation: 2 }, { status: { observedGeneration, conditions } });

const ready = condition("Ready", "True");
const unready = condition("Ready", "False");
const stalled = condition("Stalled", "True");
const reconciling = condition("Reconciling", "True");

interface Case {
	readonly fault: string;
	readonly object: ReturnType<typeof widget>;
	readonly opts?: StatusLintOpts;
	/** Whether it is a fault while underway, too. */
	readonly always: boolean;
}

const failures: readonly Case[] = [
	{
		fault: "nothing bad is True beside Ready=True: Reconciling",
		object: withStatus([ready, reconciling]),
		always: false,
	},
	{ fault: "Ready is always there", object: withStatus([condition("Synced", "True")]), always: true },
	{
		fault: "Ready is False while Reconciling",
		object: withStatus([condition("Ready", "Unknown"), reconciling]),
		always: false,
	},
	{ fault: "Ready is False while Stalled", object: withStatus([ready, stalled]), always: true },
	{
		fault: "Reconciling and Stalled are never both there",
		object: withStatus([unready, reconciling, stalled]),
		always: true,
	},
	{ fault: "no generation is observed before there is one", object: withStatus([ready], 3), always: true },
	{ fault: "Ready is not True before the newest generation is handled", object: withStatus([ready], 1), always: false },
	{
		fault: "Ready is not True beside conditions of an older generation: Synced",
		object: withStatus([ready, condition("Synced", "True", { observedGeneration: 1 })]),
		always: false,
	},
	{
		fault: "beside Ready=True all conditions are of the root's generation: Synced",
		object: withStatus([ready, condition("Synced", "True", { observedGeneration: 3 })]),
		always: false,
	},
	{
		fault: "Ready is Unknown only while Reconciling",
		object: withStatus([condition("Ready", "Unknown")]),
		always: true,
	},
	{
		fault: "no message holds a secret: Ready",
		object: withStatus([condition("Ready", "True", { message: "it is hunter2" })]),
		opts: { secrets: ["other", "hunter2"] },
		always: true,
	},
	{
		fault: "reasons are of the closed list: Ready",
		object: withStatus([ready]),
		opts: { reasons: new Set(["Succeeded"]) },
		always: true,
	},
	{
		fault: "reasons are words in PascalCase: Ready",
		object: withStatus([condition("Ready", "True", { reason: "because of it" })]),
		always: true,
	},
	{
		fault: "messages are 1 KiB at most: Ready",
		object: withStatus([condition("Ready", "True", { message: "é".repeat(513) })]),
		always: true,
	},
	{ fault: "each type is there once: Ready", object: withStatus([ready, condition("Ready", "True")]), always: true },
];

const warnings: readonly Case[] = [
	{
		fault: "what is bad is not even mentioned beside Ready=True: Degraded",
		object: withStatus([ready, condition("Degraded", "False")]),
		opts: { negative: ["Degraded"] },
		always: false,
	},
	{
		fault: "Ready says what is worst: Degraded",
		object: withStatus([unready, condition("Degraded", "True", { message: "the disk is full" })]),
		opts: { negative: ["Degraded", "Stalled"] },
		always: false,
	},
	{
		fault: "Reconciling is there only while True",
		object: withStatus([unready, condition("Reconciling", "False")]),
		always: true,
	},
	{
		fault: "Stalled is there only while True",
		object: withStatus([unready, condition("Stalled", "False")]),
		always: true,
	},
	{
		fault: "each condition says of which generation it is: Synced",
		object: withStatus([unready, condition("Synced", "True", { observedGeneration: 0 })]),
		always: true,
	},
];

describe("the linter of statuses", () => {
	for (const [name, cases] of [
		["failures", failures],
		["warnings", warnings],
	] as const) {
		for (const { fault, object, opts, always } of cases) {
			it(`counts among the ${name}: ${fault}`, () => {
				assert.ok(lintStatus(object, opts)[name].includes(fault), JSON.stringify(lintStatus(object, opts)));
				const underway = lintStatus(object, { ...opts, stage: "underway" })[name];
				assert.equal(underway.includes(fault), always);
				assert.throws(
					() => assertStatus(object, opts),
					(error: Error) => error.message.includes(fault),
				);
			});
		}
	}

	for (const conditions of [
		[ready, condition("Synced", "True")],
		[unready, reconciling],
		[unready, stalled],
		[unready],
	]) {
		it(`finds nothing wrong with ${conditions.map(({ type, status }) => `${type}=${status}`).join(", ")}`, () => {
			const object = withStatus(conditions);
			assert.deepEqual(lintStatus(object), { failures: [], warnings: [] });
			assertStatus(object, { secrets: ["hunter2"], reasons: new Set(["Because"]) });
		});
	}
});
