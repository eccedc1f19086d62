import { loadConfig } from "#/app/config/load-file.ts";
import { openDatabaseReader, openOwnedDatabase } from "#/app/database.ts";
import { createLogger } from "#/app/logger.ts";
import { readConfigFile } from "#/app/read-config-file.ts";
import { readSecret } from "#/app/read-secret.ts";
import type { Control } from "#/control/control.ts";
import { RemoteControl } from "#/control/remote-control.ts";
import { DataPlane } from "#/dataplane/data-plane.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";

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

/** The history of a registry, and the way back. */
export type ContentControl = Pick<Control, "history" | "restore">;

/**
 * Opens a registry's history: over its control port, or on its database. To write to an embedded database the registry
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
	const executor = opts.write
		? (await openOwnedDatabase(config, warn)).executor
		: await openDatabaseReader(config, warn);
	const { controlState, usages, history } = stack.use(new SqlMetadata(executor));
	return new DataPlane({ controlState, usages, history, stores: new Set(), features: {} });
};
