import type winston from "winston";
import type { Metadata } from "#/metadata/metadata.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { beginMigration, refuseTarget } from "#/storage/migrating/begin.ts";
import { MigratingBlobStore } from "#/storage/migrating/migrating-blob-store.ts";
import type { MigrationMark } from "#/storage/migration-mark.ts";
import type { MigrationNotes } from "#/storage/migration-notes.ts";
import { claimStore, foreignStore, OWNER_KEY, readOwner } from "#/storage/owner.ts";
import { StoreError } from "#/storage/store-error.ts";
import type { Config } from "./config/schema.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import { isFreshStore } from "./is-fresh-store.ts";
import { reportTo } from "./logger.ts";
import { meteredStore } from "./metrics/metered-store.ts";
import type { Meters } from "./metrics/meters.ts";
import { PatientStore, type PatientStoreDeps } from "./patient-store.ts";
import { createStoreOpener, type MigrationPlaces } from "./stores.ts";

/** A store of a process that goes from its files to an object store. */
export interface OpenedMigration {
	/** Of the store. */
	readonly name: string;
	/** Where it goes, in words for people. */
	readonly to: string;
	readonly notes: MigrationNotes;
	readonly former: BlobStore;
	readonly target: BlobStore;
	/** Absent as long as the target was not asked whose it is. */
	begun(): MigrationMark | undefined;
	/** Why the target cannot be used now, in words for whoever operates the registry; absent: it can. */
	trouble(): string | undefined;
}

/** The stores of a process. Disposing them closes them. */
export interface NamedStores extends AsyncDisposable {
	/** By the names that projects use. */
	readonly stores: ReadonlyMap<string, BlobStore>;
	/** Those that are being migrated. */
	readonly migrations: readonly OpenedMigration[];
	/** Those that do not answer now, with why, in words for whoever operates the registry. */
	away(): readonly { readonly name: string; readonly message: string }[];
}

/** What {@link openNamedStores} works with. */
export interface NamedStoresDeps {
	readonly config: Config;
	readonly logger: winston.Logger;
	readonly metadata: Pick<Metadata, "objects" | "origins">;
	readonly meters: Meters;
	readonly newId: () => string;
}

/** The store of projects that name none: without it there is no registry. */
const DEFAULT_STORE = "default";

/** How long the start waits for the default store to be asked whose it is, milliseconds. */
const CLAIM_MS = 30_000;

/**
 * Opens what the configuration names. Settings of the default store that cannot work end the start; any other store may
 * come when it can, and is missed by the projects that use it alone. So may a target to which nothing has gone yet: a
 * registry that serves from its files does so on.
 *
 * @throws StoreError
 */
export const openNamedStores = async (deps: NamedStoresDeps): Promise<NamedStores> => {
	const { config, metadata, newId } = deps;
	await using opening = new AsyncDisposableStack();
	const opener = opening.use(createStoreOpener(config, newId));
	const registry = await metadata.origins.identify(newId());
	const patient: PatientStore[] = [];
	const migrations: OpenedMigration[] = [];
	const stores = new Map<string, BlobStore>();
	const start: Start = async (name, how, isNeeded = true) => {
		const store = opening.use(patiently(deps, name, how));
		patient.push(store);
		const settled = name === DEFAULT_STORE ? store.settled(CLAIM_MS) : Promise.resolve();
		await settled.catch((error: unknown) => {
			if (isNeeded) throw error;
		});
		return { store: meteredStore(store, deps.meters.stores), trouble: () => store.failure?.message };
	};
	for (const [name, settings] of defaultFirst(config)) {
		const places = opener.places(name, settings);
		if (places === undefined) {
			const open = async () => opener.open(name, settings, await isFreshStore(metadata.objects, name));
			const of = { name, settings, registry, isFresh: () => isFreshStore(metadata.objects, name) };
			const { store } = await start(name, { open, claim: (opened, signal) => claim(opened, of, signal) });
			stores.set(name, store);
		} else {
			const migration = await startMigration(deps, { name, places, registry }, start);
			migrations.push(migration);
			stores.set(name, new MigratingBlobStore(migration));
		}
	}
	const resources = opening.move();
	return {
		stores,
		migrations,
		away: () =>
			patient.flatMap(({ name, failure }) => (failure === undefined ? [] : [{ name, message: failure.message }])),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};

const patiently = (
	{ logger }: NamedStoresDeps,
	name: string,
	how: Pick<PatientStoreDeps, "open" | "claim">,
): PatientStore =>
	new PatientStore({
		...how,
		name,
		changed: (_, error) => {
			const event = error === undefined ? "store.available" : "store.unavailable";
			reportTo(logger)({ event, level: error === undefined ? "info" : "warn", error, fields: { store: name } });
		},
	});

/** Opens a store. @param isNeeded whether settings of the default one that cannot work end the start */
type Start = (
	name: string,
	how: Pick<PatientStoreDeps, "open" | "claim">,
	isNeeded?: boolean,
) => Promise<{ readonly store: BlobStore; readonly trouble: () => string | undefined }>;

/** Opens both places, each by itself: what the files have can be pulled while the target is away. */
const startMigration = async (
	deps: NamedStoresDeps,
	{ name, places, registry }: { readonly name: string; readonly places: MigrationPlaces; readonly registry: string },
	start: Start,
): Promise<OpenedMigration> => {
	const { notes, to } = places;
	let begun: MigrationMark | undefined;
	const { store: former } = await start(name, {
		open: async () => places.openFormer(await isFreshStore(deps.metadata.objects, name)),
		claim: async () => undefined,
	});
	const how: Parameters<Start>[1] = {
		open: () => places.openTarget(),
		claim: async (opened, signal) => {
			// The files are the store's own before a note comes beside them.
			await former.stat(OWNER_KEY, signal);
			const wanted = { registry, store: name, to };
			const outcome = await beginMigration({ notes, target: opened }, wanted, signal);
			if (outcome instanceof StoreError) return outcome;
			begun = outcome;
			return undefined;
		},
	};
	// From the note on the target may have what the files lack.
	const { store: target, trouble } = await start(name, how, await hasNote(notes));
	return { name, to, notes, former, target, begun: () => begun, trouble };
};

const hasNote = async (notes: MigrationNotes): Promise<boolean> => {
	try {
		return (await notes.plan()) !== undefined;
	} catch (error) {
		if (!(error instanceof StoreError)) throw error;
		return true;
	}
};

/** Of two stores that name one place the registry's own has it, whichever would have been there first. */
const defaultFirst = ({ stores }: Pick<NamedStoresDeps["config"], "stores">): readonly [string, StoreConfig][] =>
	Object.entries(stores).toSorted(([one], [other]) => Number(other === DEFAULT_STORE) - Number(one === DEFAULT_STORE));

/** A store as the configuration has it, and as the database knows it. */
interface Configured {
	readonly name: string;
	readonly settings: StoreConfig;
	readonly registry: string;
	/** Whether the database knows of no object that was ever whole there. @throws MetadataError */
	readonly isFresh: () => Promise<boolean>;
}

/** Why the store is not ours to use; absent: it is. */
const claim = async (
	store: BlobStore,
	{ name, settings, registry, isFresh }: Configured,
	signal: AbortSignal,
): Promise<StoreError | undefined> => {
	// Files have a marker of their own; memory has nobody to share it with.
	if (settings.filesystem !== undefined || settings.memory !== undefined) return undefined;
	if ((await isEmpty(store, signal)) && !(await isFresh())) {
		const why = "it has nothing, though the database knows objects of it: is it the right bucket and prefix?";
		return new StoreError("UNAVAILABLE", `store ${name}: ${why}`, { store: name });
	}
	const other = await claimStore(store, { registry, store: name }, signal);
	if (other !== undefined) return foreignStore(name, other, other.registry === registry);
	return await refuseTarget(store, name, signal);
};

/** Whether it has neither an owner nor an object. */
const isEmpty = async (store: BlobStore, signal: AbortSignal): Promise<boolean> => {
	if ((await readOwner(store, signal)) !== undefined) return false;
	for await (const _ of store.list("", signal)) return false;
	return true;
};
