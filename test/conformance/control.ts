import { type TestContext, test } from "node:test";
import { applyingCases } from "./control/applying.ts";
import type { ControlCase, ControlHarness } from "./control/bench.ts";
import { boundCases } from "./control/bounds.ts";
import { epochCases } from "./control/epochs.ts";
import { explainingCases } from "./control/explaining.ts";
import { invalidSpecCases } from "./control/invalid-specs.ts";
import { nameCases } from "./control/names.ts";
import { observingCases } from "./control/observing.ts";
import { policyCases } from "./control/policies.ts";
import { releasingCases } from "./control/releasing.ts";
import { resyncingCases } from "./control/resyncing.ts";
import { runningCases } from "./control/running.ts";
import { totalsCases } from "./control/totals.ts";
import { undoCases } from "./control/undo.ts";
import { usageCases } from "./control/usage.ts";

/** Everything that the port between the planes promises, as cases that can be run one by one. */
export const controlCases: readonly ControlCase[] = [
	...epochCases,
	...applyingCases,
	...invalidSpecCases,
	...nameCases,
	...resyncingCases,
	...observingCases,
	...releasingCases,
	...policyCases,
	...usageCases,
	...totalsCases,
	...undoCases,
	...explainingCases,
	...runningCases,
	...boundCases,
];

/**
 * Registers the suite that every adapter passes.
 *
 * @param name the adapter, as it stands before each test's name
 * @param open a data plane of its own for each test, to which nothing was told yet; undefined where the test was skipped
 */
export function controlConformance(
	name: string,
	open: (context: TestContext) => Promise<ControlHarness | undefined>,
): void {
	for (const { name: claim, run } of controlCases) {
		test(`${name}: ${claim}`, { timeout: 60_000 }, async (context) => {
			await using harness = await open(context);
			if (harness !== undefined) await run(harness);
		});
	}
}
