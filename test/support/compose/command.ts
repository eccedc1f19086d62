// `docker compose …` as somebody types it, at a project that runs.
import { parseArgs } from "node:util";
import type { RunningProject } from "./project.ts";

/** What became of a command. */
export interface ComposeOutcome {
	readonly code: number;
	readonly output: string;
}

/**
 * Does what Docker Compose does for a command line of the documentation: `up` with `--scale`, and `run --rm`.
 *
 * @throws Error for what is not known here, an option too
 */
export const compose = async (project: RunningProject, line: string): Promise<ComposeOutcome> => {
	const [docker, program, verb, ...words] = line.split(" ");
	if (docker !== "docker" || program !== "compose") throw new Error(`${line}: expected docker compose`);
	if (verb === "up") return await up(project, words);
	if (verb === "run") return await runOnce(project, words);
	throw new Error(`${line}: nothing stands in for ${verb}`);
};

const up = async (project: RunningProject, words: readonly string[]): Promise<ComposeOutcome> => {
	const { values } = parseArgs({
		args: [...words],
		options: { detach: { type: "boolean" }, "no-recreate": { type: "boolean" }, scale: { type: "string" } },
	});
	const [, service = "", count] = /^([a-z0-9-]+)=(\d+)$/.exec(values.scale ?? "") ?? [];
	// Of a service whose description is the same no container is made anew, whatever is said of that.
	await project.scale(service, Number(count));
	return { code: 0, output: "" };
};

const runOnce = async (project: RunningProject, [option, service = "", ...command]: readonly string[]) => {
	// Without it the container would stay.
	if (option !== "--rm") throw new Error(`${option}: expected --rm`);
	return await project.run(service, ...command);
};
