import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { ControlError } from "#/control/control-error.ts";
import { type ControlCase, type ControlHarness, Operator, soon } from "./bench.ts";

/** Background work on demand. */
export const runningCases: readonly ControlCase[] = [
	{
		name: "a known feature is run on the subject, and its counts come back",
		run: async ({ control, runs }) => {
			const { epoch } = await Operator.begin(control);
			const outcome = await control.run({ epoch, feature: "probe", id: "some subject" }, soon());
			assert.deepEqual(outcome, { ran: { subject: "some subject", count: 3, whole: true } });
			assert.deepEqual(runs, [{ feature: "probe", id: "some subject", aborted: false }]);
		},
	},
	{
		name: "an unknown feature is refused with those there are",
		run: async ({ control, runs }) => {
			const { epoch } = await Operator.begin(control);
			const refused = { reason: "unknown-feature", features: ["broken", "endless", "probe", "refusing"] };
			for (const feature of ["fly", "constructor", "__proto__", "toString"]) {
				assert.deepEqual(await control.run({ epoch, feature, id: "" }, soon()), { refused });
			}
			assert.deepEqual(runs, []);
		},
	},
	{
		name: "a failed run is UNAVAILABLE, in words only where they were meant for people",
		run: async ({ control }) => {
			const { epoch } = await Operator.begin(control);
			await assert.rejects(control.run({ epoch, feature: "refusing", id: "" }, soon()), (error: unknown) => {
				assert.ok(error instanceof ControlError);
				assert.equal(error.code, "UNAVAILABLE");
				assert.match(error.message, /the bucket is gone/);
				return true;
			});
			await assert.rejects(control.run({ epoch, feature: "broken", id: "" }, soon()), (error: unknown) => {
				assert.ok(error instanceof ControlError);
				assert.equal(error.code, "UNAVAILABLE");
				assert.doesNotMatch(error.message, /inner/);
				return true;
			});
		},
	},
	{
		name: "aborting a run ends the call with the signal's reason, and stops the work",
		run: async (harness) => {
			const { epoch } = await Operator.begin(harness.control);
			const leaving = new AbortController();
			const running = harness.control.run({ epoch, feature: "endless", id: "" }, leaving.signal);
			await until(() => harness.runs.length === 1);
			const reason = new Error("leaving");
			leaving.abort(reason);
			await assert.rejects(running, (error: unknown) => error === reason);
			await until(() => isStopped(harness));
		},
	},
];

const isStopped = ({ runs }: ControlHarness): boolean => runs.every(({ aborted }) => aborted);

const until = async (claim: () => boolean): Promise<void> => {
	for (let waited = 0; !claim(); waited += 5) {
		assert.ok(waited < 5_000, "it does not happen");
		await pause(5);
	}
};
