import assert from "node:assert/strict";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { Outbox } from "#/metadata/outbox.ts";
import { Journaler, type JournalerOpts } from "#/registry/journal/journaler.ts";
import { parseSegment, type Segment } from "#/registry/journal/segment.ts";
import { idSource } from "#/registry/new-id.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { eventually } from "./eventually.ts";
import { type Hook, hooked, hookedStore } from "./hooked.ts";
import { forever, type RegistryHarness } from "./registry.ts";

/** How a journaler differs from another one. */
export interface TestJournalerOpts extends Partial<JournalerOpts> {
	readonly holder?: string;
	readonly outbox?: Hook;
	readonly store?: Hook;
}

/** A journaler over a harness, and what it reported. */
export const openJournaler = (
	{ metadata, stores }: Pick<RegistryHarness, "metadata" | "stores">,
	opts: TestJournalerOpts = {},
): { readonly journaler: Journaler; readonly events: readonly RegistryEvent[] } => {
	const { holder = "journaler", outbox: outboxHook, store: storeHook, ...rest } = opts;
	const events: RegistryEvent[] = [];
	const outbox: Outbox = outboxHook === undefined ? metadata.outbox : hooked(metadata.outbox, outboxHook);
	const disguise = (store: BlobStore): BlobStore => (storeHook === undefined ? store : hookedStore(store, storeHook));
	const journaler = new Journaler(
		{
			outbox,
			objects: metadata.objects,
			stores: new Map([...stores].map(([name, store]) => [name, disguise(store)])),
			newId: idSource(),
			holder,
			clock: systemClock,
			report: (event) => void events.push(event),
		},
		rest,
	);
	return { journaler, events };
};

/** Writes segments until the outbox is empty, as soon as whoever wrote the last ones lets it. */
export const journalAll = async (harness: Pick<RegistryHarness, "metadata" | "stores">): Promise<void> => {
	const { journaler } = openJournaler(harness);
	await eventually(async () => {
		while ((await journaler.round(forever)).rows > 0);
		assert.deepEqual(await harness.metadata.outbox.unjournaled(1, 1, forever), []);
	});
};

/** The segments in a store, as they are listed. */
export const segmentsIn = (objects: MemoryObjects): readonly (Segment & { readonly key: string })[] =>
	[...objects.finished]
		.filter(([key]) => key.startsWith("journal/"))
		.sort(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, { bytes }]) => ({ key, ...parseSegment(bytes) }));

/** Everything that a metadata store holds of a blob store, in an order of its own. */
export const contentsOf = async (metadata: Metadata, store: string): Promise<readonly string[]> => {
	const { records } = await metadata.snapshots.export(store, forever);
	const lines: string[] = [];
	for await (const { kind, body, at } of records) lines.push(`${kind} ${at} ${body}`);
	return lines.sort();
};
