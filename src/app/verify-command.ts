import { parseArgs } from "node:util";
import type { KnownObject } from "#/metadata/objects.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import { type Finding, type VerifySummary, verifyStore } from "#/registry/verify.ts";
import { loadConfig } from "./config/load-file.ts";
import type { Config } from "./config/schema.ts";
import { openDatabaseReader } from "./database.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { createStoreOpener } from "./stores.ts";

const VERIFY_HELP = `Usage: limani verify [--config FILE] [--full]

Compares every store with what the database knows of it: no byte that is unknown, none missing. The registry may be
running. Prints each finding and, for each store, what was looked at. Ends with 1 when there was a finding.

  --config FILE   the registry's configuration
  --full          read every blob and compare its digest, too
`;

/** Runs `limani verify`. @returns the exit code */
export const verifyCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = parseArgs({
		args: [...args],
		options: { config: { type: "string" }, full: { type: "boolean" }, help: { type: "boolean", short: "h" } },
	});
	if (values.help === true) {
		writeStdout(VERIFY_HELP);
		return 0;
	}
	const found = await verify(await loadConfig(values.config, process.env), values.full ?? false);
	return found === 0 ? 0 : 1;
};

const verify = async (config: Config, full: boolean): Promise<number> => {
	const logger = createLogger(config.log.level);
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	await using metadata = new SqlMetadata(await openDatabaseReader(config, warn));
	await using opener = createStoreOpener(config, idSource());
	const { signal } = new AbortController();
	let findings = 0;
	for (const [name, settings] of Object.entries(config.stores)) {
		await using store = await opener.open(name, settings, false);
		const found = (finding: Finding): void => writeStdout(`${formatFinding(finding)}\n`);
		const isToBeRead = ({ digest }: KnownObject): boolean => full && digest !== undefined;
		const summary = await verifyStore({ objects: metadata.objects, store, found, isToBeRead }, name, signal);
		writeStdout(`${formatSummary(name, summary)}\n`);
		findings += summary.findings;
	}
	return findings;
};

/** A finding as one line of text. */
export const formatFinding = ({ kind, store, key, expected, actual }: Finding): string =>
	[
		`${kind}: ${store}/${key}`,
		...(expected === undefined ? [] : [`expected ${expected}`]),
		...(actual === undefined ? [] : [`got ${actual}`]),
	].join(", ");

const formatSummary = (name: string, { live, bytes, read, findings }: VerifySummary): string =>
	`store ${name}: ${live} objects, ${bytes} bytes, ${read} read, ${findings} findings`;
