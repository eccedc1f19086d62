import { hostname } from "node:os";
import type winston from "winston";
import type { MasterKey } from "#/auth/master-key.ts";
import { openPrivateKey } from "#/auth/signing-key-pair.ts";
import type { Metadata } from "#/metadata/metadata.ts";
import type { SqlExecutor } from "#/metadata/sql/executor.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import type { Config } from "./config/schema.ts";
import { meteredExecutor } from "./metrics/metered-executor.ts";
import { createMeters, type Meters } from "./metrics/meters.ts";
import { type NamedStores, openNamedStores } from "./named-stores.ts";
import { openConfiguredMasterKey } from "./open-master-key.ts";

/** What every process of a registry has, whether it serves, keeps house, or both. Dispose of it last. */
export interface ProcessParts extends AsyncDisposable {
	readonly config: Config;
	readonly logger: winston.Logger;
	readonly metadata: Metadata;
	readonly masterKey: MasterKey;
	readonly stores: NamedStores["stores"];
	/** Those of them that are being migrated. */
	readonly migrations: NamedStores["migrations"];
	/** Names of stores that do not answer. */
	readonly awayStores: NamedStores["away"];
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
	const { stores, migrations, away } = opening.use(await openNamedStores({ config, logger, metadata, meters, newId }));
	const resources = opening.move();
	return {
		config,
		logger,
		metadata,
		masterKey,
		stores,
		migrations,
		awayStores: away,
		meters,
		newId,
		holder: `${hostname()}-${process.pid}-${newId()}`,
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
