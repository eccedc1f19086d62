import { hostname } from "node:os";
import type { Config } from "#/app/config/schema.ts";
import { openOwnedDatabase } from "#/app/database.ts";
import { isFreshStore } from "#/app/is-fresh-store.ts";
import { createLogger, reportTo } from "#/app/logger.ts";
import { openConfiguredMasterKey } from "#/app/open-master-key.ts";
import { openWholeStore } from "#/app/open-whole-store.ts";
import { createStoreOpener } from "#/app/stores.ts";
import type { MasterKey } from "#/auth/master-key.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import type { Report } from "#/registry/report.ts";
import type { BlobStore } from "#/storage/blob-store.ts";

/** A registry's parts, opened by a command that works on them while the registry stands still. */
export interface OfflineParts extends AsyncDisposable {
	readonly metadata: SqlMetadata;
	readonly stores: ReadonlyMap<string, BlobStore>;
	readonly masterKey: MasterKey;
	readonly holder: string;
	readonly newId: () => string;
	readonly report: Report;
}

/** Opens them. @throws ConfigError, MetadataError, StoreError, MasterKeyError */
export const openOfflineParts = async (config: Config): Promise<OfflineParts> => {
	const logger = createLogger(config.log.level === "info" ? "warn" : config.log.level);
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const newId = idSource();
	await using opening = new AsyncDisposableStack();
	const metadata = opening.use(new SqlMetadata((await openOwnedDatabase(config, warn)).executor));
	const masterKey = await openConfiguredMasterKey(config);
	const opener = opening.use(createStoreOpener(config, newId));
	const stores = new Map<string, BlobStore>();
	for (const [name, settings] of Object.entries(config.stores)) {
		const configured = { name, settings, fresh: await isFreshStore(metadata.objects, name) };
		stores.set(name, opening.use(await openWholeStore(opener, configured, new AbortController().signal)));
	}
	const resources = opening.move();
	return {
		metadata,
		stores,
		masterKey,
		newId,
		holder: `${hostname()}-${process.pid}-${newId()}`,
		report: reportTo(logger),
		[Symbol.asyncDispose]: () => resources.disposeAsync(),
	};
};
