import { hostname } from "node:os";
import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { sealedSnapshots } from "#/dataplane/sealed-journal.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { type RebuildSummary, rebuild } from "#/registry/journal/rebuild.ts";
import { idSource } from "#/registry/new-id.ts";
import type { Finding } from "#/registry/verify.ts";
import type { BlobStore } from "#/storage/blob-store.ts";
import { readOwner } from "#/storage/owner.ts";
import { ConfigError } from "./config/load.ts";
import { loadConfig } from "./config/load-file.ts";
import type { Config } from "./config/schema.ts";
import { openOwnedDatabase } from "./database.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { openConfiguredMasterKey } from "./open-master-key.ts";
import { openWholeStore } from "./open-whole-store.ts";
import { readArgs } from "./read-args.ts";
import { createStoreOpener } from "./stores.ts";
import { formatFinding } from "./verify-command.ts";

const REBUILD_HELP = `Usage: limani rebuild [--config FILE]

Makes a lost database again, from the snapshots and the journal that the stores keep. Needs an empty database, and the
registry stopped. Ends with 1 when something is known to be lost.

  --config FILE   the registry's configuration
`;

/** Runs `limani rebuild`. @returns the exit code */
export const rebuildCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani rebuild", {
		args: [...args],
		options: { config: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		writeStdout(REBUILD_HELP);
		return 0;
	}
	return await run(await loadConfig(values.config, process.env));
};

const run = async (config: Config): Promise<number> => {
	const logger = createLogger(config.log.level);
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	const newId = idSource();
	await using opened = new AsyncDisposableStack();
	const metadata = opened.use(new SqlMetadata((await openOwnedDatabase(config, warn)).executor));
	const opener = opened.use(createStoreOpener(config, newId));
	const stores = new Map<string, BlobStore>();
	for (const [name, settings] of Object.entries(config.stores)) {
		// Never made: a store without its marker is a volume that is not mounted, and has nothing to rebuild from.
		const configured = { name, settings, fresh: false };
		stores.set(name, opened.use(await openWholeStore(opener, configured, new AbortController().signal)));
	}
	await adoptIdentity(metadata, stores);
	let missing = 0;
	const found = (finding: Finding): void => {
		if (finding.kind !== "unknown") missing += 1;
		writeStdout(`${formatFinding(finding)}\n`);
	};
	const holder = `${hostname()}-${process.pid}-${newId()}`;
	const masterKey = await openConfiguredMasterKey(config);
	const sealed = sealedSnapshots(metadata.snapshots, masterKey, ({ kind }, why) => {
		missing += 1;
		writeStdout(`lost: a record of kind ${kind}: ${why.message}\n`);
	});
	const { projects, repositories, outbox, objects } = metadata;
	const summary = await rebuild(
		{ metadata: { projects, repositories, outbox, objects, snapshots: sealed }, stores, holder, found },
		new AbortController().signal,
	);
	// A database without repositories may hold keys all the same, whose tokens belong to another life.
	await metadata.signingKeys.replaceAll(await createSigningKey(masterKey));
	writeStdout(formatSummary(summary));
	return missing > 0 || summary.ignored.some(({ reason }) => reason === "loose") ? 1 : 0;
};

/** The registry that the stores belong to is the one that it was. @throws ConfigError when they are of several */
const adoptIdentity = async (metadata: SqlMetadata, stores: ReadonlyMap<string, BlobStore>): Promise<void> => {
	const { signal } = new AbortController();
	const owners = new Set<string>();
	for (const [name, store] of stores) {
		const owner = await readOwner(store, signal);
		if (owner === undefined) continue;
		if (owner.store !== name) throw new ConfigError(`stores.${name}: it is the store ${owner.store} of its registry`);
		owners.add(owner.registry);
	}
	if (owners.size > 1) throw new ConfigError(`stores: they belong to several registries: ${[...owners].join(", ")}`);
	// A database that is not empty is refused in a moment.
	for (const owner of owners) await metadata.origins.become(owner);
};

const formatSummary = ({
	records,
	repositories,
	manifests,
	blobs,
	lastAt,
	ignored,
	findings,
}: RebuildSummary): string =>
	[
		...ignored.map(
			({ store, key, reason, detail }) =>
				`not used: ${store}/${key}, ${reason}${detail === undefined ? "" : `, ${detail}`}`,
		),
		`${records} records: ${repositories} repositories, ${manifests} manifests, ${blobs} blobs`,
		`last change: ${lastAt === undefined ? "none" : new Date(lastAt).toISOString()}`,
		`${findings} findings`,
		"",
	].join("\n");
