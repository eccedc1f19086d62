import { hostname } from "node:os";
import { loadConfig } from "#/app/config/load-file.ts";
import { openDatabaseReader, openOwnedDatabase } from "#/app/database.ts";
import { createLogger } from "#/app/logger.ts";
import { createMeters } from "#/app/metrics/meters.ts";
import { openRetention } from "#/app/open-retention.ts";
import { readConfigFile } from "#/app/read-config-file.ts";
import { readSecret } from "#/app/read-secret.ts";
import type { Control } from "#/control/control.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { DataPlane, type Explain, type RunnableFeatures } from "#/dataplane/data-plane.ts";
import { Explainer } from "#/features/retention/explainer.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";

/** The options of {@link openControl}, for `parseArgs`. */
export const CONTROL_OPTIONS = {
	config: { type: "string" },
	control: { type: "string" },
	"token-file": { type: "string" },
	ca: { type: "string" },
	help: { type: "boolean", short: "h" },
} as const;

/** What is said of {@link CONTROL_OPTIONS} in help. */
export const CONTROL_HELP = `  --config FILE      the registry's configuration, whose database is opened
  --control URL      ask the running registry at its control port in place of that
  --token-file FILE  the control port's token
  --ca FILE          certificates to trust at the control port (PEM)
`;

/** Values of {@link CONTROL_OPTIONS}. */
export interface ControlSettings {
	readonly config?: string | undefined;
	readonly control?: string | undefined;
	readonly "token-file"?: string | undefined;
	readonly ca?: string | undefined;
}

/** What is and was in a registry, and what can be done about it. */
export type ContentControl = Pick<Control, "history" | "restore" | "explain" | "run">;

/**
 * Opens a registry's content: over its control port, or on its database. To write to an embedded database the registry
 * must be stopped, which the database's lock sees to.
 *
 * @throws ConfigError, MetadataError, ControlError
 */
export const openControl = async (
	settings: ControlSettings,
	opts: { readonly write: boolean },
	stack: AsyncDisposableStack,
): Promise<ContentControl> => {
	const { control: url, ca: caFile, "token-file": tokenFile } = settings;
	if (url !== undefined) {
		const token = await readSecret("--token-file", undefined, tokenFile);
		const ca = caFile === undefined ? {} : { ca: await readConfigFile("--ca", caFile) };
		return stack.use(new RemoteControl({ url, token, ...ca }));
	}
	const config = await loadConfig(settings.config, process.env);
	const logger = createLogger(config.log.level);
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	if (!opts.write) {
		const metadata = stack.use(new SqlMetadata(await openDatabaseReader(config, warn)));
		const { policies, artifacts } = metadata;
		const explainer = new Explainer({ policies, artifacts, now: async () => Date.now() });
		return controlOver(metadata, explainer, {});
	}
	const metadata = stack.use(new SqlMetadata((await openOwnedDatabase(config, warn)).executor));
	const newId = idSource();
	const holder = `${hostname()}-${process.pid}-${newId()}`;
	const retention = openRetention({ config, metadata, holder, newId, logger, meters: createMeters() });
	return controlOver(metadata, retention.explainer, { retention: retention.runNow });
};

const controlOver = (
	{ controlState, usages, collection, history }: SqlMetadata,
	explainer: Explainer,
	features: RunnableFeatures,
): Control => {
	const explain: Explain = (request, signal) => explainer.page(request, signal);
	return new DataPlane({ controlState, usages, collection, history, stores: new Set(), features, explain });
};
