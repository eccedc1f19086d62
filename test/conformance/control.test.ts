import assert from "node:assert/strict";
import { test } from "node:test";
import type { Control } from "#/control/control.ts";
import { openControlPlane, openQuickState, type Reach } from "../support/control-planes.ts";
import { soon } from "./control/bench.ts";
import { controlCases } from "./control.ts";

/** The control with some methods replaced. */
const altered = (control: Control, changes: Partial<Control>): Control => ({
	begin: (...args) => control.begin(...args),
	apply: (...args) => control.apply(...args),
	resync: (...args) => control.resync(...args),
	observe: (...args) => control.observe(...args),
	usage: (...args) => control.usage(...args),
	totals: (...args) => control.totals(...args),
	archive: (...args) => control.archive(...args),
	history: (...args) => control.history(...args),
	restore: (...args) => control.restore(...args),
	explain: (...args) => control.explain(...args),
	run: (...args) => control.run(...args),
	...changes,
});

/** What a careless adapter does, and the case that must notice. */
const faults: readonly { does: string; noticedBy: string; disguise: (control: Control) => Control }[] = [
	{
		does: "lets overtaken holders go on",
		noticedBy: "a new epoch fences off its predecessors, whose changes, pages and runs are refused",
		disguise: (control) => {
			let epoch = 0;
			return altered(control, {
				begin: async (...args) => {
					const begun = await control.begin(...args);
					epoch = begun.epoch;
					return begun;
				},
				apply: (change, signal) => control.apply({ ...change, epoch }, signal),
			});
		},
	},
	{
		does: "gives the same holder the same epoch",
		noticedBy: "a holder that begins again has a new epoch as well",
		disguise: (control) => {
			const begun = new Map<string, ReturnType<Control["begin"]>>();
			return altered(control, {
				begin: (request, signal) => {
					const epoch = begun.get(request.holder) ?? control.begin(request, signal);
					begun.set(request.holder, epoch);
					return epoch;
				},
			});
		},
	},
	{
		does: "takes changes on any base",
		noticedBy: "a change on any other base is refused with the base there is, and does nothing",
		disguise: (control) =>
			altered(control, {
				apply: async (change, signal) => {
					const outcome = await control.apply(change, signal);
					const mismatch = "refused" in outcome && outcome.refused.reason === "base-mismatch";
					return mismatch ? control.apply({ ...change, base: outcome.refused.base }, signal) : outcome;
				},
			}),
	},
	{
		does: "deletes after each page of a snapshot",
		noticedBy: "what no page named is deleted after the last page, and not before",
		disguise: (control) => {
			let pages = 0;
			return altered(control, {
				resync: (page, signal) => control.resync({ ...page, snapshot: `page ${++pages}`, last: true }, signal),
			});
		},
	},
	{
		does: "never deletes by a snapshot",
		noticedBy: "an empty snapshot is a state too: everything is deleted",
		disguise: (control) =>
			altered(control, { resync: (page, signal) => control.resync({ ...page, last: false }, signal) }),
	},
	{
		does: "keeps deletions to itself",
		noticedBy: "a deletion is observed, as not ready and with its cursor",
		disguise: (control) =>
			altered(control, {
				observe: async (...args) => {
					const { changes, cursor } = await control.observe(...args);
					return { changes: changes.filter(({ deleted }) => !deleted), cursor };
				},
			}),
	},
	{
		does: "shows the last observation of a page again on the next",
		noticedBy: "pages of observations follow one another without a gap, each within its limit",
		disguise: (control) =>
			altered(control, {
				observe: async (request, signal) => {
					const { changes, cursor } = await control.observe(request, signal);
					return { changes, cursor: Math.max(request.cursor, cursor - 1) };
				},
			}),
	},
	{
		does: "fails a change for one wrong resource",
		noticedBy: "an invalid spec is observed with the field, the value and what was expected, and stops nothing else",
		disguise: (control) =>
			altered(control, {
				apply: async (change, signal) => {
					const right = change.upserts.every(({ spec }) => typeof spec.name === "string");
					return right ? control.apply(change, signal) : { base: change.base };
				},
			}),
	},
	{
		does: "applies what nobody waits for any more",
		noticedBy: "a call with an aborted signal throws its reason and does nothing",
		disguise: (control) =>
			altered(control, {
				apply: async (change, signal) => {
					const applied = await control.apply(change, soon());
					signal.throwIfAborted();
					return applied;
				},
			}),
	},
	{
		does: "takes any amount at once",
		noticedBy: "a page of more than 1 MiB is INVALID and deletes nothing",
		disguise: (control) =>
			altered(control, {
				resync: (page, signal) => control.resync({ ...page, resources: page.resources.slice(0, 0) }, signal),
			}),
	},
];

const runCase = async (name: string, reach?: Reach): Promise<void> => {
	const conformanceCase = controlCases.find((one) => one.name === name);
	assert.ok(conformanceCase, name);
	await using harness = await openControlPlane(await openQuickState(), reach);
	await conformanceCase.run(harness);
};

for (const { does, noticedBy, disguise } of faults) {
	test(`the Control suite notices an adapter that ${does}`, async () => {
		await runCase(noticedBy);
		await assert.rejects(() => runCase(noticedBy, async (control) => disguise(control)), assert.AssertionError);
	});
}

test("the Control suite has a name of its own for each case", () => {
	const names = controlCases.map(({ name }) => name);
	assert.equal(new Set(names).size, names.length);
});
