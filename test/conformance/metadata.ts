import { type TestContext, test } from "node:test";
import { Bench, type MetadataCase, type MetadataUnderTest } from "./metadata/bench.ts";
import { blobCases } from "./metadata/blobs.ts";
import { collectionCases } from "./metadata/collection.ts";
import { concurrencyCases } from "./metadata/concurrency.ts";
import { controlCases } from "./metadata/control.ts";
import { historyCases } from "./metadata/history.ts";
import { manifestCases } from "./metadata/manifests.ts";
import { quotaCases } from "./metadata/quotas.ts";
import { repositoryCases } from "./metadata/repositories.ts";
import { snapshotCases } from "./metadata/snapshots.ts";
import { uploadCases } from "./metadata/uploads.ts";
import { workCases } from "./metadata/work.ts";

/** Everything that the ports of metadata promise. */
export const metadataCases: readonly MetadataCase[] = [
	...repositoryCases,
	...manifestCases,
	...historyCases,
	...blobCases,
	...uploadCases,
	...collectionCases,
	...workCases,
	...controlCases,
	...quotaCases,
	...snapshotCases,
	...concurrencyCases,
];

/**
 * Registers the suite that every metadata store passes.
 *
 * @param name the engine, as it stands before each test's name
 * @param open an empty store for one test; undefined skips the test, for a reason that `open` gave
 */
export function metadataConformance(
	name: string,
	open: (context: TestContext) => Promise<MetadataUnderTest | undefined>,
): void {
	for (const { name: claim, run } of metadataCases) {
		test(`${name}: ${claim}`, { timeout: 120_000 }, async (context) => {
			await using metadata = await open(context);
			if (metadata !== undefined) await run(new Bench(metadata));
		});
	}
}
