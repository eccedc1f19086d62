import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import type { HistoryEntry } from "#/control/control.ts";
import { CONTROL_HELP, CONTROL_OPTIONS, openControl } from "./open-control.ts";
import { readHistory } from "./read-history.ts";
import { readTarget } from "./read-target.ts";

const HISTORY_HELP = `Usage: limani history REPOSITORY[:TAG] [--config FILE | --control URL --token-file FILE [--ca FILE]]

Tells where a tag pointed, the last first; of a repository, what was deleted and can be restored. The registry may be
running. REPOSITORY is written without the registry's host, such as team/app.

${CONTROL_HELP}`;

/** Runs `limani history`. @returns the exit code */
export const historyCommand = async (args: readonly string[]): Promise<number> => {
	const { values, positionals } = readArgs("limani history", {
		args: [...args],
		options: CONTROL_OPTIONS,
		allowPositionals: true,
	});
	if (values.help === true) {
		writeStdout(HISTORY_HELP);
		return 0;
	}
	const [text, ...more] = positionals;
	if (text === undefined || more.length > 0) throw new ConfigError("expected one REPOSITORY or REPOSITORY:TAG");
	const target = readTarget(text);
	if (target.digest !== undefined) throw new ConfigError("expected a repository or a tag: a digest never moves");
	await using stack = new AsyncDisposableStack();
	const control = await openControl(values, { write: false }, stack);
	const entries = await Array.fromAsync(readHistory(control, target));
	// Of a repository they come by what they are, not by when.
	if (target.tag === undefined) entries.sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
	for (const entry of entries) writeStdout(`${formatEntry(target.repository, entry)}\n`);
	if (entries.length === 0) writeStdout(`nothing is known of ${text}\n`);
	return 0;
};

const formatEntry = (repository: string, entry: HistoryEntry): string => {
	const { tag, digest, startedAt, startedBy, endedAt, endedBy, restorableUntil } = entry;
	return [
		tag === undefined ? `${repository}@${digest}` : `${repository}:${tag}  ${digest}`,
		`since ${timeOf(startedAt)} by ${startedBy}`,
		...(endedAt === undefined ? [] : [`until ${timeOf(endedAt)} by ${endedBy}`]),
		...(restorableUntil === undefined ? [] : [`can be restored until ${timeOf(restorableUntil)}`]),
	].join("  ");
};

const timeOf = (ms: number): string => new Date(ms).toISOString();
