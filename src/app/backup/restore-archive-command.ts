import { ConfigError } from "#/app/config/load.ts";
import { loadConfig } from "#/app/config/load-file.ts";
import type { Config } from "#/app/config/schema.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { readTime } from "#/app/undo/read-time.ts";
import type { RestoreSummary } from "#/features/backup/restore.ts";
import { openOfflineParts } from "./offline-parts.ts";
import { openArchive } from "./open-archive.ts";
import { restoreHeld } from "./restore-held.ts";

const HELP = `Usage: limani restore --archive [--backup ID] [--to TIME] [--config FILE]

Makes a registry again from its backups: those in the archive that the configuration names under recovery, or else under
backup. Needs an empty database and empty stores, and the registry stopped. Every blob is compared with its digest. One
that was cut short is gone on with when the same is asked for again. Ends with 1 when something could not be had.

  --backup ID     the backup to restore, as of when it was made; limani backup --list tells which there are
  --to TIME       the instant to restore, such as 2026-01-31T12:00:00Z; without both, the last change that the archive has
  --config FILE   the configuration of the registry to be made
`;

/** Runs `limani restore --archive`. @returns the exit code */
export const restoreArchiveCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani restore --archive", {
		args: [...args],
		options: {
			archive: { type: "boolean" },
			backup: { type: "string" },
			to: { type: "string" },
			config: { type: "string" },
			help: { type: "boolean", short: "h" },
		},
	});
	if (values.help === true) {
		writeStdout(HELP);
		return 0;
	}
	const to = values.to === undefined ? undefined : readTime("--to", values.to);
	return await restore(await loadConfig(values.config, process.env), { backup: values.backup, to });
};

const restore = async (
	config: Config,
	target: { readonly backup: string | undefined; readonly to: number | undefined },
): Promise<number> => {
	const settings = config.recovery ?? config.backup;
	if (settings === undefined) throw new ConfigError("recovery: nothing given: expected where the archive is");
	let lost = 0;
	await using parts = await openOfflineParts(config);
	await using opened = await openArchive({ config, newId: parts.newId }, settings, false);
	const note = (message: string): void => {
		lost += 1;
		writeStdout(`lost: ${message}\n`);
	};
	const again = (message: string): void => {
		lost = 0;
		writeStdout(`${message}\n`);
	};
	const { archive } = opened;
	const leaseMs = config.housekeeping.jobLease;
	const summary = await restoreHeld({ ...parts, archive, leaseMs, lost: note, again }, target);
	writeStdout(`${describe(summary)}\n`);
	return lost === 0 ? 0 : 1;
};

const describe = ({ backup, point, blobs, bytes, records, wasDone }: RestoreSummary): string => {
	const what = `${backup}, as of ${new Date(point).toISOString()}`;
	return wasDone ? `restored before: ${what}` : `restored: ${what}: ${records} records, ${blobs} blobs, ${bytes} bytes`;
};
