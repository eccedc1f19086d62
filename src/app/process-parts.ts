import { hostname } from "node:os";
import type winston from "winston";
import type { MasterKey } from "#/auth/master-key.ts";
import { openPrivateKey } from "#/auth/signing-key-pair.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import type { Config } from "./config/schema.ts";
import { meteredExecutor } from "./metrics/metered-executor.ts";
import { meteredStore } from "./metrics/metered-store.ts";
import { createMeters, type Meters } from "./metrics/meters.ts";
import { openConfiguredMasterKey } from "./open-master-key.ts";
import { createStoreOpener } from "./stores.ts";

/** What every process of a registry has, whether it serves, keeps house, or both. Dispose of it last. */
export interface ProcessParts extends AsyncDisposable {
	readonly config: Config;
	readonly logger: winston.Logger;
	readonly metadata: Metadata;
	readonly masterKey: MasterKey;
	readonly stores: ReadonlyMap<string, BlobStore>;
	readonly meters: Meters;
	/** This process instance: its next life has another name. */
	readonly holder: string;
	readonly newId: () => string;
}

/** Puts the parts together over a database that is already open, and which then belongs to them. @throws StoreError */
export const openProcessParts = async (
	config: Config,
	logger: winston.Logger,
	executor: SqlExecutor,
): Promise<ProcessParts> => {
	await using opening = new AsyncDisposableStack();
	const newId = idSource();
	const meters = createMeters();
	const metadata = opening.use(new SqlMetadata(meteredExecutor(executor, meters.metadata)));
	const masterKey = await openConfiguredMasterKey(config);
	// Before anything is sealed with it: another key than before would seal what nobody can open.
	for (const key of await metadata.signingKeys.list()) openPrivateKey(key, masterKey);
	const opener = opening.use(createStoreOpener(config, newId));
	const stores = new Map<string, BlobStore>();
	for (const [name, settings] of Object.entries(config.stores)) {
		const known = await metadata.objects.list(name, { limit: 1 });
		stores.set(name, opening.use(meteredStore(await opener.open(name, settings, known.length === 0), meters.stores)));
	}
	const resources = opening.move();
	return {
		config,
		logger,
		metadata,
		masterKey,
		stores,
		meters,
		newId,
		holder: `${hostname()}-${process.pid}-${newId()}`,
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
