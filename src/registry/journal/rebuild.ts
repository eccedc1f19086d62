import { CodedError } from "#/lib/coded-error.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { JournalRecord } from "#/metadata/snapshots.ts";
import { findObject } from "#/registry/find-object.ts";
import { journalKey } from "#/registry/object-keys.ts";
import type { Stores } from "#/registry/store-named.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import { applyRecords, inOrder } from "./apply-records.ts";
import { type IgnoredObject, type Journal, readJournal, recordsOf, snapshotOf } from "./read-journal.ts";

/** What {@link rebuild} works with. */
export interface RebuildDeps {
	readonly metadata: Pick<Metadata, "projects" | "repositories" | "outbox" | "objects" | "snapshots">;
	readonly stores: Stores;
	readonly holder: string;
	/** Takes each object that the records name and the store does not have, or the other way round. */
	readonly found: (finding: Finding) => void;
}

/** What a rebuild came to. */
export interface RebuildSummary {
	/** Records applied. */
	readonly records: number;
	readonly repositories: number;
	readonly manifests: number;
	readonly blobs: number;
	/** When the last change was made that is contained, milliseconds since the epoch; absent without any. */
	readonly lastAt: number | undefined;
	/** Parts of the journal that were not used; a `loose` one means that changes are lost. */
	readonly ignored: readonly IgnoredObject[];
	/** How many findings there were. */
	readonly findings: number;
}

/** Why there was no rebuild. NOT_EMPTY: metadata holds something, which is never overwritten. NOTHING: no journal. */
class RebuildError extends CodedError<"NOT_EMPTY" | "NOTHING"> {
	override readonly name = "RebuildError";
}

/**
 * Makes an empty metadata store what it was, from the stores: the newest snapshot of each, then the segments after it.
 * Lost are changes of the last second or so that had not come to the journal.
 *
 * @throws RebuildError, StoreError, MetadataError
 */
export const rebuild = async (deps: RebuildDeps, signal: AbortSignal): Promise<RebuildSummary> => {
	const { metadata, stores, found } = deps;
	await assertEmpty(deps, signal);
	const journals = await Promise.all([...stores].map(([name, store]) => readJournal(name, store, signal)));
	if (journals.every(({ snapshot, chain }) => snapshot === undefined && chain.length === 0)) {
		throw new RebuildError("NOTHING", "no store has a snapshot or a journal that begins at its first segment");
	}

	let records = 0;
	let lastAt: number | undefined;
	const apply = async (from: AsyncIterable<JournalRecord>): Promise<void> => {
		const applied = await applyRecords((records) => metadata.snapshots.restore(records), from);
		records += applied.records;
		lastAt = Math.max(lastAt ?? 0, applied.lastAt ?? 0) || undefined;
	};
	for (const journal of journals) await apply(snapshotOf(journal, signal));
	await apply(inOrder(journals.map((journal) => recordsOf(journal, signal))));

	let findings = 0;
	const contents = { repositories: 0, manifests: 0, blobs: 0 };
	for (const journal of journals) {
		await adopt(deps, journal, signal);
		await count(deps, journal.name, contents, signal);
		const { name, store } = journal;
		findings += (await verifyStore({ objects: metadata.objects, store, found }, name, signal)).findings;
	}
	return { records, lastAt, ...contents, ignored: journals.flatMap(({ ignored }) => ignored), findings };
};

const assertEmpty = async ({ metadata, stores }: RebuildDeps, signal: AbortSignal): Promise<void> => {
	const { projects, repositories, outbox, objects } = metadata;
	const page = { limit: 1 };
	const something = [
		projects.list(page, signal),
		repositories.catalog("all", page, signal),
		...[...stores.keys()].map((store) => objects.list(store, page, signal)),
	];
	const isEmpty = (await Promise.all(something)).every((found) => found.length === 0);
	const segments = await Promise.all([...stores.keys()].map((store) => outbox.lastSegment(store, signal)));
	if (isEmpty && segments.every((segment) => segment === undefined)) return;
	throw new RebuildError("NOT_EMPTY", "a rebuild needs an empty database");
};

/** Lets the journal go on where it ended, and knows its objects, so that none of them is an unknown byte. */
const adopt = async (
	{ metadata, holder }: RebuildDeps,
	{ name, snapshot, chain, objects }: Journal,
	signal: AbortSignal,
): Promise<void> => {
	for (const { key, size } of objects) {
		if ((await findObject(metadata.objects, name, key, signal)) !== undefined) continue;
		const purpose = key.startsWith("journal/") ? "journal" : "snapshot";
		await metadata.objects.intend({ store: name, key, purpose, holder });
		await metadata.objects.settle(name, key, size);
	}
	const last = chain.at(-1);
	if (last !== undefined) {
		const { number, key, hash } = last;
		await metadata.snapshots.adopt({ store: name, number, key, hash });
	} else if (snapshot !== undefined && snapshot.segment > 0) {
		const { segment: number, hash } = snapshot;
		const key = objects.find((object) => object.key.startsWith(journalKey(number, "")))?.key ?? snapshot.key;
		await metadata.snapshots.adopt({ store: name, number, key, hash });
	}
};

const count = async (
	{ metadata }: RebuildDeps,
	store: string,
	contents: { repositories: number; manifests: number; blobs: number },
	signal: AbortSignal,
): Promise<void> => {
	const { records } = await metadata.snapshots.export(store, signal);
	for await (const { kind } of records) {
		if (kind === "repository-created") contents.repositories += 1;
		if (kind === "manifest-put") contents.manifests += 1;
		if (kind === "object-live") contents.blobs += 1;
	}
};
