import { createSigningKey } from "#/auth/signing-key-pair.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { loadConfig } from "./config/load-file.ts";
import { openOwnedDatabase } from "./database.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { openConfiguredMasterKey } from "./open-master-key.ts";
import { readArgs } from "./read-args.ts";

const REPLACE_KEYS_HELP = `Usage: limani replace-keys [--config FILE]

Forgets every token signing key and makes a new one, sealed by the present master key: after a key leaked, or where the
master key was lost. Every token that was handed out before is then worth nothing; clients get new ones by themselves.
With an embedded database the registry must be stopped; on PostgreSQL replicas notice within 30 seconds.

  --config FILE   the registry's configuration
`;

/** Runs `limani replace-keys`. @returns the exit code */
export const replaceKeysCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani replace-keys", {
		args: [...args],
		options: { config: { type: "string" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		writeStdout(REPLACE_KEYS_HELP);
		return 0;
	}
	const config = await loadConfig(values.config, process.env);
	const logger = createLogger(config.log.level);
	const { executor } = await openOwnedDatabase(config, (message, error) =>
		logger.warn(message, { error: String(error) }),
	);
	await using metadata = new SqlMetadata(executor);
	const fresh = await createSigningKey(await openConfiguredMasterKey(config));
	await metadata.signingKeys.replaceAll(fresh);
	writeStdout(`The signing keys were replaced; the new one is ${fresh.kid}.\n`);
	return 0;
};
