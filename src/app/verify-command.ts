import type { KnownObject } from "#/metadata/objects.ts";
import { SqlMetadata } from "#/metadata/sql/sql-metadata.ts";
import { idSource } from "#/registry/new-id.ts";
import { type Finding, type VerifySummary, verifyStore } from "#/registry/verify.ts";
import { verifyReferences } from "#/registry/verify-references.ts";
import { StoreError } from "#/storage/store-error.ts";
import { loadConfig } from "./config/load-file.ts";
import type { Config } from "./config/schema.ts";
import type { StoreConfig } from "./config/store-schema.ts";
import { openDatabaseReader } from "./database.ts";
import { createLogger, writeStdout } from "./logger.ts";
import { openWholeStore } from "./open-whole-store.ts";
import { readArgs } from "./read-args.ts";
import { createStoreOpener, type StoreOpener } from "./stores.ts";

const VERIFY_HELP = `Usage: limani verify [--config FILE] [--full | --sample PERCENT]

Compares every store with what the database knows of it: no byte that is unknown, none missing, nothing named that is
not there, what can be restored included. The registry may be running. Prints each finding and, for each store, what was looked at. Ends with 1 when there was a finding.

  --config FILE     the registry's configuration
  --full            read every blob and compare its digest, too
  --sample PERCENT  do so with that share of the blobs, others each time
`;

/** Runs `limani verify`. @returns the exit code */
export const verifyCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani verify", {
		args: [...args],
		options: {
			config: { type: "string" },
			full: { type: "boolean" },
			sample: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		writeStdout(VERIFY_HELP);
		return 0;
	}
	const share = values.full === true ? 1 : shareOf(values.sample ?? "0");
	const found = await verify(await loadConfig(values.config, process.env), share);
	return found === 0 ? 0 : 1;
};

/** @throws Error when it is no percentage */
const shareOf = (percent: string): number => {
	const share = percent.trim() === "" ? Number.NaN : Number(percent) / 100;
	if (share >= 0 && share <= 1) return share;
	throw new Error(`--sample: expected a number from 0 to 100, got ${percent}`);
};

const verify = async (config: Config, share: number): Promise<number> => {
	const logger = createLogger(config.log.level);
	const warn = (message: string, error: unknown) => logger.warn(message, { error: String(error) });
	await using metadata = new SqlMetadata(await openDatabaseReader(config, warn));
	await using opener = createStoreOpener(config, idSource());
	const { signal } = new AbortController();
	let findings = 0;
	for (const [name, settings] of Object.entries(config.stores)) {
		try {
			findings += await verifyOne({ metadata, opener, share }, { name, settings }, signal);
		} catch (error) {
			if (!(error instanceof StoreError)) throw error;
			// The others are looked at all the same.
			writeStdout(`unavailable: store ${name}: ${error.message}\n`);
			findings += 1;
		}
	}
	return findings;
};

interface VerifyParts {
	readonly metadata: SqlMetadata;
	readonly opener: StoreOpener;
	/** The share of the blobs that are read, from 0 to 1. */
	readonly share: number;
}

const verifyOne = async (
	{ metadata, opener, share }: VerifyParts,
	{ name, settings }: { readonly name: string; readonly settings: StoreConfig },
	signal: AbortSignal,
): Promise<number> => {
	await using store = await openWholeStore(opener, { name, settings, fresh: false }, signal);
	const found = (finding: Finding): void => writeStdout(`${formatFinding(finding)}\n`);
	const isToBeRead = ({ digest }: KnownObject): boolean => digest !== undefined && Math.random() < share;
	const summary = await verifyStore({ objects: metadata.objects, store, found, isToBeRead }, name, signal);
	const referred = await verifyReferences({ objects: metadata.objects, found }, name, signal);
	const all = { ...summary, ...referred, findings: summary.findings + referred.findings };
	writeStdout(`${formatSummary(name, all)}\n`);
	return all.findings;
};

/** A finding as one line of text. */
export const formatFinding = ({ kind, store, key, expected, actual }: Finding): string =>
	[
		`${kind}: ${store}/${key}`,
		...(expected === undefined ? [] : [`expected ${expected}`]),
		...(actual === undefined ? [] : [`got ${actual}`]),
	].join(", ");

const formatSummary = (name: string, summary: VerifySummary & { readonly references: number }): string => {
	const { live, bytes, read, references, findings } = summary;
	return `store ${name}: ${live} objects, ${bytes} bytes, ${read} read, ${references} references, ${findings} findings`;
};
