import { parseArgs } from "node:util";
import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import type { RestoreOutcome } from "#/control/control.ts";
import { CONTROL_HELP, CONTROL_OPTIONS, openControl } from "./open-control.ts";
import { readTarget } from "./read-target.ts";

const RESTORE_HELP = `Usage: limani restore REPOSITORY:TAG|REPOSITORY@DIGEST [--at TIME]
                      [--config FILE | --control URL --token-file FILE [--ca FILE]]

Brings a deleted manifest back with the tags it had, or a tag to where it was last; with --at to where it was at that
time, which also takes back a move. REPOSITORY is written without the registry's host, such as team/app. On an embedded
database the registry must be stopped; with --control, or on PostgreSQL, it may run. Ends with 1 when nothing could be
restored.

  --at TIME          a time such as 2026-01-31T12:00:00Z, with a tag
${CONTROL_HELP}`;

/** Who history names as the actor. */
const ACTOR = "limani restore";

/** Runs `limani restore`. @returns the exit code */
export const restoreCommand = async (args: readonly string[]): Promise<number> => {
	const { values, positionals } = parseArgs({
		args: [...args],
		options: { ...CONTROL_OPTIONS, at: { type: "string" } },
		allowPositionals: true,
	});
	if (values.help === true) {
		writeStdout(RESTORE_HELP);
		return 0;
	}
	const [text, ...more] = positionals;
	const target = text === undefined || more.length > 0 ? undefined : readTarget(text);
	if (target === undefined || (target.tag === undefined && target.digest === undefined)) {
		throw new ConfigError("expected one REPOSITORY:TAG or REPOSITORY@DIGEST");
	}
	const at = values.at === undefined ? undefined : readTime(values.at);
	if (at !== undefined && target.tag === undefined) throw new ConfigError("--at: expected REPOSITORY:TAG with it");
	await using stack = new AsyncDisposableStack();
	const control = await openControl(values, { write: true }, stack);
	const outcome = await control.restore({ ...target, at, actor: ACTOR }, new AbortController().signal);
	writeStdout(formatOutcome(target.repository, outcome));
	return "refused" in outcome ? 1 : 0;
};

/** Milliseconds since the epoch. @throws ConfigError for what is no time with its zone */
const readTime = (text: string): number => {
	const ms = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
	if (!Number.isNaN(ms)) return ms;
	throw new ConfigError(`--at: got ${JSON.stringify(text)}: expected a time such as 2026-01-31T12:00:00Z`);
};

const formatOutcome = (repository: string, outcome: RestoreOutcome): string => {
	if ("refused" in outcome) return `not restored: ${outcome.refused.message}\n`;
	const { digest, manifests, tags, moved } = outcome;
	const lines = [
		...manifests.map((manifest) => `restored: ${repository}@${manifest}`),
		...tags.map((tag) => `restored: ${repository}:${tag}, at ${digest}`),
		...moved.map((tag) => `left: ${repository}:${tag}, which was moved since`),
	];
	return `${(lines.length > 0 ? lines : [`nothing to restore: ${repository}@${digest} is there`]).join("\n")}\n`;
};
