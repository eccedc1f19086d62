import assert from "node:assert/strict";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import { Pruner, type PrunerOpts } from "#/registry/journal/pruner.ts";
import { type RebuildSummary, rebuild } from "#/registry/journal/rebuild.ts";
import { writeSnapshot } from "#/registry/journal/snapshot.ts";
import { idSource } from "#/registry/new-id.ts";
import { Sweeper } from "#/registry/sweeper.ts";
import type { Finding } from "#/registry/verify.ts";
import { contentsOf } from "./journal.ts";
import { forever, openTestMetadata, type RegistryHarness } from "./registry.ts";

/** What writes snapshots of a harness. */
export const snapshotDeps = ({ metadata }: RegistryHarness) => ({
	snapshots: metadata.snapshots,
	outbox: metadata.outbox,
	objects: metadata.objects,
	newId: idSource(),
	holder: "snapshotter",
	report: () => undefined,
});

/** Writes a snapshot of one of its stores; returns its key. */
export const snapshot = async (harness: RegistryHarness, name = "default"): Promise<string> => {
	const store = harness.stores.get(name);
	assert.ok(store);
	return (await writeSnapshot(snapshotDeps(harness), { name, store }, forever)).key;
};

/** Prunes, and lets a sweeper delete what was condemned. */
export const prune = async (harness: RegistryHarness, opts: Partial<PrunerOpts> = {}): Promise<void> => {
	const deps = {
		...snapshotDeps(harness),
		stores: harness.stores,
		clock: systemClock,
		uploads: harness.metadata.uploads,
		history: harness.metadata.history,
	};
	const pruner = new Pruner(deps, opts);
	while ((await pruner.round(forever)).hasMore);
	await new Sweeper(deps).round(forever);
};

/** A rebuilt database, and what was said of it. */
export interface Rebuilt extends AsyncDisposable {
	readonly metadata: Metadata;
	readonly summary: RebuildSummary;
	readonly found: readonly Finding[];
}

/** Rebuilds from the stores of a harness into an empty database. */
export const rebuilt = async (
	{ stores }: Pick<RegistryHarness, "stores">,
	open: () => Promise<Metadata> = openTestMetadata,
): Promise<Rebuilt> => {
	await using opening = new AsyncDisposableStack();
	const metadata = opening.use(await open());
	const found: Finding[] = [];
	const note = (finding: Finding): void => void found.push(finding);
	const summary = await rebuild({ metadata, stores, holder: "rebuilder", found: note }, forever);
	const resources = opening.move();
	return { metadata, summary, found, [Symbol.asyncDispose]: () => resources.disposeAsync() };
};

/**
 * Fails unless a rebuilt database holds what the harness's does. When manifests were used last is left out: snapshots
 * have it and the journal does not, so that what came after the last snapshot is not known again.
 */
export const assertSame = async (harness: RegistryHarness, { metadata }: Rebuilt): Promise<void> => {
	for (const store of harness.stores.keys()) {
		const [rebuilt, before] = [await contentsOf(metadata, store), await contentsOf(harness.metadata, store)];
		assert.deepEqual(rebuilt.filter(isContent), before.filter(isContent), store);
	}
};

const isContent = (line: string): boolean => !line.startsWith("manifest-used ");
