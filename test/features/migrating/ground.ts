// A store of a registry whose metadata is real and whose places are in memory: each migration goes from where it is.
import assert from "node:assert/strict";
import { StorageMigrator } from "#/features/migrating/index.ts";
import { systemClock } from "#/lib/clock.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { RegistryEvent } from "#/registry/report.ts";
import { type Finding, verifyStore } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { openMemoryStore } from "#/storage/memory/index.ts";
import { MemoryObjects } from "#/storage/memory/memory-objects.ts";
import { beginMigration } from "#/storage/migrating/begin.ts";
import { MigratingBlobStore } from "#/storage/migrating/migrating-blob-store.ts";
import { type MigrationMark, readMigration } from "#/storage/migration-mark.ts";
import { MigrationNotes } from "#/storage/migration-notes.ts";
import { StoreError } from "#/storage/store-error.ts";
import { never } from "../../conformance/blob-store/bench.ts";
import { type Hook, hooked, hookedStore } from "../../support/hooked.ts";
import { memoryNotes } from "../../support/memory-notes.ts";

/** A migration that has begun. */
export interface Ground {
	readonly former: BlobStore;
	readonly target: BlobStore;
	/** Both as one. */
	readonly store: BlobStore;
	readonly notes: MigrationNotes;
	readonly formerObjects: MemoryObjects;
	readonly targetObjects: MemoryObjects;
	readonly events: RegistryEvent[];
	/** One life of what migrates; `hook` stands between it and everything that it calls. */
	migrator(holder: string, hook?: Hook): StorageMigrator;
	isCompleted(): Promise<boolean>;
	/** What is wrong with the target as the store by itself. */
	findings(): Promise<readonly Finding[]>;
}

/** Begins a migration from `formerObjects` to a place that is empty. */
export const beginGround = async (metadata: Metadata, formerObjects: MemoryObjects): Promise<Ground> => {
	const targetObjects = new MemoryObjects();
	const former = openMemoryStore({ now: Date.now, objects: formerObjects });
	const target = openMemoryStore({ now: Date.now, objects: targetObjects });
	const notes = new MigrationNotes(memoryNotes());
	const wanted = { registry: "r", store: "default", to: "target" };
	const mark: MigrationMark | StoreError = await beginMigration({ notes, target }, wanted, never);
	assert.ok(!(mark instanceof StoreError));
	const events: RegistryEvent[] = [];
	return {
		former,
		target,
		notes,
		formerObjects,
		targetObjects,
		events,
		store: new MigratingBlobStore({ former, target }),
		migrator: (holder, hook = async () => undefined) =>
			new StorageMigrator({
				name: "default",
				former: hookedStore(former, hook),
				target: hookedStore(target, hook),
				notes: hooked(notes, hook),
				begun: () => mark,
				objects: hooked(metadata.objects, hook),
				outbox: metadata.outbox,
				holder,
				clock: systemClock,
				report: (event) => void events.push(event),
				meter: { copied: () => undefined, progress: () => undefined },
			}),
		isCompleted: async () => (await readMigration(target, never))?.completed === true,
		findings: async () => {
			const findings: Finding[] = [];
			const found = (finding: Finding): void => void findings.push(finding);
			const deps = { objects: metadata.objects, store: target, found, isToBeRead: () => true };
			await verifyStore(deps, "default", never);
			return findings;
		},
	};
};
