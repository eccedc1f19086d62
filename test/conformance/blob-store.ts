import { test } from "node:test";
import { type BlobStoreCase, type BlobStoreHarness, openBench } from "./blob-store/bench.ts";
import { failingCases } from "./blob-store/failing.ts";
import { listingCases } from "./blob-store/listing.ts";
import { readingCases } from "./blob-store/reading.ts";
import { resumingCases } from "./blob-store/resuming.ts";
import { takingOverCases } from "./blob-store/taking-over.ts";
import { writingCases } from "./blob-store/writing.ts";

export type { BlobStoreHarness } from "./blob-store/bench.ts";

/** Everything that the port promises, as cases that can be run one by one. */
export const blobStoreCases: readonly BlobStoreCase[] = [
	...readingCases,
	...writingCases,
	...resumingCases,
	...takingOverCases,
	...listingCases,
	...failingCases,
];

/**
 * Registers the suite that every driver passes.
 *
 * @param name the driver, as it stands before each test's name
 * @param open a store for one test; it may share its bucket with others, as the tests use keys of their own
 */
export function blobStoreConformance(name: string, open: () => Promise<BlobStoreHarness>): void {
	for (const { name: claim, needs, run } of blobStoreCases) {
		test(`${name}: ${claim}`, { timeout: 120_000 }, async (context) => {
			await using harness = await open();
			if (needs !== undefined && harness[needs] === undefined) {
				context.skip(`this driver's harness has no ${needs}`);
				return;
			}
			await run(openBench(harness));
		});
	}
}
