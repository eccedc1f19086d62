import type { BlobStore } from "#/storage/blob-store.ts";
import { refuseTarget } from "#/storage/migrating/begin.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import type { StoreOpener } from "./stores.ts";

/** A store of the configuration. */
interface Configured {
	readonly name: string;
	readonly settings: StoreConfig;
	/** As {@link StoreOpener.open} has it. */
	readonly fresh: boolean;
}

/**
 * Opens a store for a command, which works without a registry that runs: a bucket to which a migration is not at its end
 * would be half of it.
 *
 * @throws StoreError
 */
export const openWholeStore = async (
	opener: StoreOpener,
	{ name, settings, fresh }: Configured,
	signal: AbortSignal,
): Promise<BlobStore> => {
	await using opening = new AsyncDisposableStack();
	const store = opening.use(await opener.open(name, settings, fresh));
	const refused = settings.filesystem === undefined ? await refuseTarget(store, name, signal) : undefined;
	if (refused !== undefined) throw refused;
	opening.move();
	return store;
};
