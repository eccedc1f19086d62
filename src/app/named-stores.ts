import type winston from "winston";
import type { Metadata } from "#/metadata/metadata.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { claimStore, foreignStore } from "#/storage/owner.ts";
import type { StoreError } from "#/storage/store-error.ts";
import type { Config } from "./config/schema.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import { isFreshStore } from "./is-fresh-store.ts";
import { reportTo } from "./logger.ts";
import { meteredStore } from "./metrics/metered-store.ts";
import type { Meters } from "./metrics/meters.ts";
import { PatientStore } from "./patient-store.ts";
import { createStoreOpener, type StoreOpener } from "./stores.ts";

/** The stores of a process. Disposing them closes them. */
export interface NamedStores extends AsyncDisposable {
	/** By the names that projects use. */
	readonly stores: ReadonlyMap<string, BlobStore>;
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
 * come when it can, and is missed by the projects that use it alone.
 *
 * @throws StoreError
 */
export const openNamedStores = async (deps: NamedStoresDeps): Promise<NamedStores> => {
	const { config, metadata, meters, newId, logger } = deps;
	await using opening = new AsyncDisposableStack();
	const opener = opening.use(createStoreOpener(config, newId));
	const registry = await metadata.origins.identify(newId());
	const patient = new Map<string, PatientStore>();
	const stores = new Map<string, BlobStore>();
	for (const [name, settings] of defaultFirst(config)) {
		const store = opening.use(
			new PatientStore({
				name,
				open: () => open(deps, opener, name, settings),
				claim: (opened, signal) => claim(opened, { name, settings, registry }, signal),
				changed: (_, error) => {
					const event = error === undefined ? "store.available" : "store.unavailable";
					reportTo(logger)({ event, level: error === undefined ? "info" : "warn", error, fields: { store: name } });
				},
			}),
		);
		patient.set(name, store);
		stores.set(name, meteredStore(store, meters.stores));
		if (name === DEFAULT_STORE) await store.settled(CLAIM_MS);
	}
	const resources = opening.move();
	return {
		stores,
		away: () =>
			[...patient].flatMap(([name, { failure }]) =>
				failure === undefined ? [] : [{ name, message: failure.message }],
			),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};

/** Of two stores that name one place the registry's own has it, whichever would have been there first. */
const defaultFirst = ({ stores }: Pick<NamedStoresDeps["config"], "stores">): readonly [string, StoreConfig][] =>
	Object.entries(stores).toSorted(([one], [other]) => Number(other === DEFAULT_STORE) - Number(one === DEFAULT_STORE));

const open = async (
	{ metadata }: NamedStoresDeps,
	opener: StoreOpener,
	name: string,
	settings: StoreConfig,
): Promise<BlobStore> => opener.open(name, settings, await isFreshStore(metadata.objects, name));

/** Why the store is not ours to use; absent: it is. */
const claim = async (
	store: BlobStore,
	{ name, settings, registry }: { readonly name: string; readonly settings: StoreConfig; readonly registry: string },
	signal: AbortSignal,
): Promise<StoreError | undefined> => {
	// Files have a marker of their own in a directory that one process locks; memory has nobody to share it with.
	if (settings.filesystem !== undefined || settings.memory !== undefined) return undefined;
	const other = await claimStore(store, { registry, store: name }, signal);
	return other && foreignStore(name, other, other.registry === registry);
};
