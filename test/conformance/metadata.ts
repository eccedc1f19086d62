import { type TestContext, test } from "node:test";
import { artifactCases } from "./metadata/artifacts.ts";
import { Bench, type MetadataCase, type MetadataUnderTest } from "./metadata/bench.ts";
import { blobCases } from "./metadata/blobs.ts";
import { collectionCases } from "./metadata/collection.ts";
import { concurrencyCases } from "./metadata/concurrency.ts";
import { controlCases } from "./metadata/control.ts";
import { historyCases } from "./metadata/history.ts";
import { immutabilityCases } from "./metadata/immutability.ts";
import { manifestCases } from "./metadata/manifests.ts";
import { moveCases } from "./metadata/moves.ts";
import { originCases } from "./metadata/origins.ts";
import { policyCases } from "./metadata/policies.ts";
import { quotaCases } from "./metadata/quotas.ts";
import { removalCases } from "./metadata/removal.ts";
import { replicaCases } from "./metadata/replicas.ts";
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
	...removalCases,
	...workCases,
	...controlCases,
	...immutabilityCases,
	...artifactCases,
	...policyCases,
	...replicaCases,
	...quotaCases,
	...snapshotCases,
	...originCases,
	...moveCases,
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
