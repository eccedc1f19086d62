import assert from "node:assert/strict";
import { type ControlCase, Operator, observed, project, reasons, soon } from "./bench.ts";

/** Epochs fence: who was overtaken changes nothing any more. */
export const epochCases: readonly ControlCase[] = [
	{
		name: "a new epoch fences off its predecessors, whose changes, pages and runs are refused",
		run: async ({ control, runs }) => {
			const first = await Operator.begin(control, "first");
			await first.apply([project("p1", "alpha")]);
			const second = await Operator.begin(control, "second");
			assert.ok(second.epoch > first.epoch, `${second.epoch} after ${first.epoch}`);
			const refused = { refused: { reason: "stale-epoch", epoch: second.epoch } };
			assert.deepEqual(await first.tryApply([project("p2", "beta")], ["p1"]), refused);
			assert.deepEqual(await first.tryResync("s1", [], true), refused);
			const run = { epoch: first.epoch, feature: "probe", id: "x" };
			assert.deepEqual(await control.run(run, soon()), refused);
			assert.deepEqual(runs, []);
			assert.deepEqual(await reasons(control), ["p1: Applied"]);
			await second.apply([project("p2", "beta")]);
			assert.deepEqual(await reasons(control), ["p1: Applied", "p2: Applied"]);
		},
	},
	{
		name: "a holder that begins again has a new epoch as well",
		run: async ({ control }) => {
			const before = await Operator.begin(control, "same");
			const after = await Operator.begin(control, "same");
			assert.ok(after.epoch > before.epoch);
			assert.ok("refused" in (await before.tryApply([])));
		},
	},
	{
		name: "epochs that begin at once are all different, and one of them is in force",
		run: async ({ control }) => {
			const begun = await Promise.all(Array.from({ length: 8 }, (_, i) => Operator.begin(control, `holder ${i}`)));
			assert.equal(new Set(begun.map(({ epoch }) => epoch)).size, 8);
			const newest = Math.max(...begun.map(({ epoch }) => epoch));
			for (const operator of begun) {
				const outcome = await operator.tryApply([project(`p${operator.epoch}`, `name-${operator.epoch}`)]);
				assert.equal("base" in outcome, operator.epoch === newest);
			}
			assert.deepEqual(await reasons(control), [`p${newest}: Applied`]);
		},
	},
	{
		name: "an epoch that was never given out is refused",
		run: async ({ control }) => {
			const operator = await Operator.begin(control);
			const { epoch, base } = operator;
			const upserts = [project("p1", "alpha")];
			const refused = { refused: { reason: "stale-epoch", epoch } };
			assert.deepEqual(await control.apply({ epoch: epoch + 1, base, upserts, deletes: [] }, soon()), refused);
			const page = { epoch: epoch + 1, snapshot: "s", resources: upserts, last: true };
			assert.deepEqual(await control.resync(page, soon()), refused);
			assert.deepEqual(await control.run({ epoch: epoch + 1, feature: "probe", id: "" }, soon()), refused);
			assert.deepEqual(await observed(control), []);
		},
	},
	{
		name: "epoch, base, resources and observations are there after a restart, and go on from there",
		run: async (harness) => {
			const before = await Operator.begin(harness.control);
			await before.apply([project("p1", "alpha"), project("p2", "beta")]);
			await before.apply([], ["p2"]);
			const seen = await observed(harness.control);
			await harness.reopen();
			assert.deepEqual(await observed(harness.control), seen);
			assert.equal((await harness.metadata.projects.find("alpha"))?.uid, "p1");
			const { epoch, base } = before;
			const upserts = [project("p3", "gamma")];
			const outcome = await harness.control.apply({ epoch, base, upserts, deletes: [] }, soon());
			assert.ok("base" in outcome, "the epoch of before the restart is still in force");
			assert.ok(outcome.base > base);
			const after = await Operator.begin(harness.control);
			assert.ok(after.epoch > epoch);
			assert.equal(after.base, outcome.base);
			const last = seen.at(-1)?.cursor ?? 0;
			const news = await observed(harness.control, last);
			assert.deepEqual(
				news.map(({ uid }) => uid),
				["p3"],
			);
			assert.ok(news.every(({ cursor }) => cursor > last));
		},
	},
];
