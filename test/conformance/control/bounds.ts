import assert from "node:assert/strict";
import type { Control } from "#/control/control.ts";
import { MAX_CHANGE_BYTES } from "#/control/control.ts";
import { ControlError } from "#/control/control-error.ts";
import { type ControlCase, Operator, observed, project, reasons, soon } from "./bench.ts";

const isInvalid = (error: unknown): boolean => error instanceof ControlError && error.code === "INVALID";

/** Calls that break the contract, whatever the epoch. */
const broken: readonly (readonly [
	does: string,
	call: (control: Control, epoch: number, base: number) => Promise<unknown>,
])[] = [
	["begins for nobody", (control) => control.begin({ holder: "" }, soon())],
	[
		"wants one uid twice",
		(control, epoch, base) =>
			control.apply({ epoch, base, upserts: [project("p", "alpha"), project("p", "beta")], deletes: [] }, soon()),
	],
	[
		"wants and deletes one uid",
		(control, epoch, base) => control.apply({ epoch, base, upserts: [project("p", "alpha")], deletes: ["p"] }, soon()),
	],
	[
		"wants and releases one uid",
		(control, epoch, base) => {
			const upserts = [project("p", "alpha")];
			return control.apply({ epoch, base, upserts, deletes: [], releases: ["p"] }, soon());
		},
	],
	["lists the usage of no project at a time", (control) => control.usage({ limit: 0 }, soon())],
	["lists the usage of too many projects at a time", (control) => control.usage({ limit: 1_001 }, soon())],
	[
		"names no uid",
		(control, epoch, base) => control.apply({ epoch, base, upserts: [project("", "alpha")], deletes: [] }, soon()),
	],
	[
		"has a negative generation",
		(control, epoch, base) =>
			control.apply({ epoch, base, upserts: [project("p", "alpha", {}, -1)], deletes: [] }, soon()),
	],
	[
		"has one uid twice in a page",
		(control, epoch) => {
			const resources = [project("p", "alpha"), project("p", "alpha")];
			return control.resync({ epoch, snapshot: "s", resources, last: true }, soon());
		},
	],
	["names no snapshot", (control, epoch) => control.resync({ epoch, snapshot: "", resources: [], last: true }, soon())],
	["observes before the beginning", (control) => control.observe({ cursor: -1, limit: 1 }, soon())],
	["observes nothing at a time", (control) => control.observe({ cursor: 0, limit: 0 }, soon())],
	["observes too much at a time", (control) => control.observe({ cursor: 0, limit: 1_001 }, soon())],
	["runs a nameless feature", (control, epoch) => control.run({ epoch, feature: "", id: "" }, soon())],
];

/** A change of exactly so many bytes of JSON. */
const changeOf = (bytes: number, epoch: number, base: number): Parameters<Control["apply"]>[0] => {
	const change = (padding: string) => ({ epoch, base, upserts: [project("p1", "alpha", { padding })], deletes: [] });
	return change("x".repeat(bytes - Buffer.byteLength(JSON.stringify(change("")))));
};

/** What is too much, not as agreed, or no longer wanted. */
export const boundCases: readonly ControlCase[] = [
	{
		name: "a call of 1 MiB is taken, and one of a byte more is INVALID and does nothing",
		run: async ({ control }) => {
			const { epoch, base } = await Operator.begin(control);
			await assert.rejects(control.apply(changeOf(MAX_CHANGE_BYTES + 1, epoch, base), soon()), isInvalid);
			assert.deepEqual(await observed(control), []);
			const outcome = await control.apply(changeOf(MAX_CHANGE_BYTES, epoch, base), soon());
			assert.ok("base" in outcome);
			assert.deepEqual(await reasons(control), ["p1: Invalid"]);
		},
	},
	{
		name: "a page of more than 1 MiB is INVALID and deletes nothing",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			await operator.apply([project("p1", "alpha")]);
			const resources = [project("p2", "beta", { padding: "x".repeat(MAX_CHANGE_BYTES) })];
			const page = { epoch: operator.epoch, snapshot: "s", resources, last: true };
			await assert.rejects(control.resync(page, soon()), isInvalid);
			assert.deepEqual(await reasons(control), ["p1: Applied"]);
		},
	},
	{
		name: "a call that breaks the contract is INVALID and does nothing",
		run: async ({ control }) => {
			const { epoch, base } = await Operator.begin(control);
			for (const [does, call] of broken) await assert.rejects(call(control, epoch, base), isInvalid, does);
			assert.deepEqual(await observed(control), []);
			assert.equal((await Operator.begin(control)).base, base);
		},
	},
	{
		name: "a call with an aborted signal throws its reason and does nothing",
		run: async ({ control, runs }) => {
			const { epoch, base } = await Operator.begin(control);
			const reason = new Error("gone home");
			const signal = AbortSignal.abort(reason);
			const isReason = (error: unknown): boolean => error === reason;
			const upserts = [project("p1", "alpha")];
			await assert.rejects(control.begin({ holder: "late" }, signal), isReason);
			await assert.rejects(control.apply({ epoch, base, upserts, deletes: [] }, signal), isReason);
			await assert.rejects(control.resync({ epoch, snapshot: "s", resources: upserts, last: true }, signal), isReason);
			await assert.rejects(control.observe({ cursor: 0, limit: 1 }, signal), isReason);
			await assert.rejects(control.run({ epoch, feature: "probe", id: "" }, signal), isReason);
			assert.deepEqual(await observed(control), []);
			assert.deepEqual(runs, []);
			assert.ok("base" in (await control.apply({ epoch, base, upserts, deletes: [] }, soon())));
		},
	},
];
