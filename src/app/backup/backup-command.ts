import { ConfigError } from "#/app/config/load.ts";
import { loadConfig } from "#/app/config/load-file.ts";
import type { Config } from "#/app/config/schema.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { CONTROL_HELP, CONTROL_OPTIONS, type ControlSettings, openControl } from "#/app/undo/open-control.ts";
import { sealedOutbox } from "#/dataplane/sealed-journal.ts";
import { noArchive } from "#/features/backup/backup-error.ts";
import type { BackupManifest } from "#/features/backup/documents.ts";
import { readIdentity } from "#/features/backup/identity.ts";
import { listBackups } from "#/features/backup/list-backups.ts";
import { systemClock } from "#/lib/clock.ts";
import { Journaler } from "#/registry/journal/journaler.ts";
import { idSource } from "#/registry/new-id.ts";
import { openOfflineParts } from "./offline-parts.ts";
import { openArchive } from "./open-archive.ts";
import { openBackups } from "./open-backups.ts";

const BACKUP_HELP = `Usage: limani backup [--list] [--config FILE | --control URL --token-file FILE [--ca FILE]]

Makes a backup of the whole registry in the archive that its configuration names (backup.archive), or lists those that
are there, or in that of recovery.archive where there is no other. On an embedded database the registry must be stopped; with --control, or on PostgreSQL, it may run. Ends with
1 when no backup was made.

  --list             tell which backups the archive has
${CONTROL_HELP}`;

/** Runs `limani backup`. @returns the exit code */
export const backupCommand = async (args: readonly string[]): Promise<number> => {
	const { values } = readArgs("limani backup", {
		args: [...args],
		options: { ...CONTROL_OPTIONS, list: { type: "boolean" } },
	});
	if (values.help === true) {
		writeStdout(BACKUP_HELP);
		return 0;
	}
	if (values.list === true) return await list(await loadConfig(values.config, process.env));
	if (values.control !== undefined) return await ask(values);
	return await backUp(await loadConfig(values.config, process.env));
};

const backupOf = (config: Config): NonNullable<Config["backup"]> => {
	if (config.backup !== undefined) return config.backup;
	throw new ConfigError("backup: nothing given: expected where backups go");
};

const list = async (config: Config): Promise<number> => {
	const { signal } = new AbortController();
	const settings = config.backup ?? config.recovery ?? backupOf(config);
	await using opened = await openArchive({ config, newId: idSource() }, settings, false);
	if ((await readIdentity(opened.archive, signal)) === undefined) throw noArchive();
	const broken: string[] = [];
	const backups = await listBackups(opened.archive, signal, ({ message }) => broken.push(message));
	for (const manifest of backups) writeStdout(`${describe(manifest)}\n`);
	for (const message of broken) writeStdout(`broken: ${message}\n`);
	if (backups.length === 0) writeStdout("there is no whole backup in the archive\n");
	return broken.length === 0 ? 0 : 1;
};

const backUp = async (config: Config): Promise<number> => {
	const settings = backupOf(config);
	const { signal } = new AbortController();
	await using parts = await openOfflineParts(config);
	await using opened = await openArchive({ config, newId: parts.newId }, settings, true);
	const outbox = sealedOutbox(parts.metadata.outbox, parts.masterKey);
	const journaler = new Journaler({ ...parts, objects: parts.metadata.objects, outbox, clock: systemClock });
	const { archive } = opened;
	const meter = { ended: () => undefined, shipped: () => undefined };
	const backups = openBackups({ ...parts, config, archive, journaler, meter }, settings);
	const { manifest, retained } = await backups.backUp(signal);
	writeStdout(`${describe(manifest)}\n`);
	return retained === undefined ? 1 : 0;
};

/** A registry that runs makes it itself. */
const ask = async (settings: ControlSettings): Promise<number> => {
	const { signal } = new AbortController();
	await using stack = new AsyncDisposableStack();
	const control = await openControl(settings, { write: true }, stack);
	const wanted = { feature: "backup", id: "" };
	let outcome = await control.run({ ...wanted, epoch: 0 }, signal);
	// It says under which epoch the operator works, whom this is not to supersede.
	if ("refused" in outcome && outcome.refused.reason === "stale-epoch") {
		outcome = await control.run({ ...wanted, epoch: outcome.refused.epoch }, signal);
	}
	writeStdout(`${JSON.stringify(outcome)}\n`);
	return "ran" in outcome ? 0 : 1;
};

const describe = ({ id, at, stores, copied, verified }: BackupManifest): string => {
	const blobs = stores.reduce((sum, store) => sum + store.blobs, 0);
	const bytes = stores.reduce((sum, store) => sum + store.bytes, 0);
	const made = `${copied.blobs} copied (${copied.bytes} bytes), ${verified} read back`;
	return `${id}: as of ${new Date(at).toISOString()}, ${blobs} blobs, ${bytes} bytes, ${made}`;
};
