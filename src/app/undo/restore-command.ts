import { restoreArchiveCommand } from "#/app/backup/restore-archive-command.ts";
import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import type { RestoreOutcome } from "#/control/control.ts";
import { CONTROL_HELP, CONTROL_OPTIONS, openControl } from "./open-control.ts";
import { readTarget } from "./read-target.ts";
import { readTime } from "./read-time.ts";
import { planRestoreAll } from "./restore-all.ts";

const RESTORE_HELP = `Usage: limani restore REPOSITORY:TAG|REPOSITORY@DIGEST|REPOSITORY [--at TIME] [--since TIME]
                      [--config FILE | --control URL --token-file FILE [--ca FILE]]
       limani restore --archive [--backup ID] [--to TIME] [--config FILE]

Brings a deleted manifest back with the tags it had, or a tag to where it was last; with --at to where it was at that
time, which also takes back a move. Of a REPOSITORY alone, everything that was deleted. REPOSITORY is written without the
registry's host, such as team/app. On an embedded database the registry must be stopped; with --control, or on
PostgreSQL, it may run. Ends with 1 when nothing could be restored.

  --at TIME          a time such as 2026-01-31T12:00:00Z, with a tag
  --since TIME       with a REPOSITORY alone: only what was deleted at that time or later
  --archive          restore a whole registry from its backups: limani restore --archive --help tells more
${CONTROL_HELP}`;

/** Who history names as the actor. */
const ACTOR = "limani restore";

/** Runs `limani restore`. @returns the exit code */
export const restoreCommand = async (args: readonly string[]): Promise<number> => {
	if (args.includes("--archive")) return await restoreArchiveCommand(args);
	const { values, positionals } = readArgs("limani restore", {
		args: [...args],
		options: { ...CONTROL_OPTIONS, at: { type: "string" }, since: { type: "string" } },
		allowPositionals: true,
	});
	if (values.help === true) {
		writeStdout(RESTORE_HELP);
		return 0;
	}
	const [text, ...more] = positionals;
	if (text === undefined || more.length > 0) {
		throw new ConfigError("expected one REPOSITORY:TAG, REPOSITORY@DIGEST or REPOSITORY");
	}
	const target = readTarget(text);
	const isWhole = target.tag === undefined && target.digest === undefined;
	const at = values.at === undefined ? undefined : readTime("--at", values.at);
	const since = values.since === undefined ? undefined : readTime("--since", values.since);
	if (at !== undefined && target.tag === undefined) throw new ConfigError("--at: expected REPOSITORY:TAG with it");
	if (since !== undefined && !isWhole) throw new ConfigError("--since: expected REPOSITORY alone with it");
	await using stack = new AsyncDisposableStack();
	const control = await openControl(values, { write: true }, stack);
	const wanted = isWhole ? await planRestoreAll(control, target, since ?? 0, ACTOR) : [{ ...target, at, actor: ACTOR }];
	if (wanted.length === 0) writeStdout(`nothing to restore: nothing that can be was deleted from ${text}\n`);
	let refused = 0;
	for (const each of wanted) {
		const outcome = await control.restore(each, new AbortController().signal);
		if ("refused" in outcome) refused++;
		// Of what came along with something else already, nothing is said.
		if (!isWhole || hasNews(outcome)) writeStdout(formatOutcome(target.repository, outcome));
	}
	return refused > 0 ? 1 : 0;
};

const hasNews = (outcome: RestoreOutcome): boolean =>
	"refused" in outcome || outcome.manifests.length + outcome.tags.length > 0;

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
