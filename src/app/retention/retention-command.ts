import { ConfigError } from "#/app/config/load.ts";
import { writeStdout } from "#/app/logger.ts";
import { readArgs } from "#/app/read-args.ts";
import { CONTROL_HELP, CONTROL_OPTIONS, type ContentControl, openControl } from "#/app/undo/open-control.ts";
import type { Decision, RunOutcome } from "#/control/control.ts";

const RETENTION_HELP = `Usage: limani retention explain --policy POLICY [--repository NAME] [--going]
       limani retention run --policy POLICY
                 [--config FILE | --control URL --token-file FILE [--ca FILE]]

explain tells what a retention policy would do if it ran now, and why: one line for each artifact. Nothing is changed,
and the registry may be running. run carries the policy out, as at its schedule, and ends with 1 unless it succeeded; on
an embedded database the registry must be stopped; with --control, or on PostgreSQL, it may run.

  --policy POLICY    its NAMESPACE/NAME, or its uid
  --repository NAME  of one repository, without the registry's host, such as team/app
  --going            only what would go
${CONTROL_HELP}`;

const PAGE = 500;

/** Runs `limani retention`. @returns the exit code */
export const retentionCommand = async (args: readonly string[]): Promise<number> => {
	const { values, positionals } = readArgs("limani retention", {
		args: [...args],
		options: {
			...CONTROL_OPTIONS,
			policy: { type: "string" },
			repository: { type: "string" },
			going: { type: "boolean" },
		},
		allowPositionals: true,
	});
	if (values.help === true) {
		writeStdout(RETENTION_HELP);
		return 0;
	}
	const [act, ...more] = positionals;
	if ((act !== "explain" && act !== "run") || more.length > 0) throw new ConfigError("expected explain or run");
	const { policy, repository, going = false } = values;
	if (policy === undefined) throw new ConfigError("--policy: expected NAMESPACE/NAME or a uid");
	const narrows = repository !== undefined || going;
	if (act === "run" && narrows) throw new ConfigError("--repository and --going go with explain: a run is a whole one");
	await using stack = new AsyncDisposableStack();
	const control = await openControl(values, { write: act === "run" }, stack);
	return act === "run" ? await run(control, policy) : await explain(control, { policy, repository, going });
};

const explain = async (
	control: ContentControl,
	{ policy, repository, going }: { policy: string; repository: string | undefined; going: boolean },
): Promise<number> => {
	const { signal } = new AbortController();
	let after: string | undefined;
	let stay = 0;
	let go = 0;
	do {
		const page = await control.explain({ policy, repository, after, limit: PAGE }, signal);
		if ("refused" in page) throw new ConfigError(`--policy: ${page.refused.message}`);
		const told = page.decisions.filter(({ keep }) => !(keep && going));
		writeStdout(told.map((decision) => `${formatDecision(decision)}\n`).join(""));
		const kept = page.decisions.filter(({ keep }) => keep).length;
		stay += kept;
		go += page.decisions.length - kept;
		after = page.next;
	} while (after !== undefined);
	writeStdout(`${stay} stay, ${go} go\n`);
	return 0;
};

const formatDecision = ({ repository, digest, tags, keep, rule, why }: Decision): string =>
	[
		keep ? "stays" : "goes ",
		`${repository}@${digest}`,
		tags.length === 0 ? "untagged" : tags.join(","),
		rule === undefined ? why : `rule ${rule}: ${why}`,
	].join("  ");

const run = async (control: ContentControl, policy: string): Promise<number> => {
	const { signal } = new AbortController();
	const wanted = { feature: "retention", id: policy };
	let outcome: RunOutcome = await control.run({ ...wanted, epoch: 0 }, signal);
	// It says under which epoch the operator works, whom this is not to supersede.
	if ("refused" in outcome && outcome.refused.reason === "stale-epoch") {
		outcome = await control.run({ ...wanted, epoch: outcome.refused.epoch }, signal);
	}
	if ("refused" in outcome) throw new ConfigError(`the registry refused: ${outcome.refused.reason}`);
	const { ran } = outcome;
	writeStdout(`${ran.outcome}: ${ran.message}\n`);
	return ran.outcome === "Succeeded" ? 0 : 1;
};
