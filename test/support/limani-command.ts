import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a command of the program came to. */
export interface CommandOutcome {
	readonly code: number;
	/** What it wrote, to either output. */
	readonly output: string;
}

/** Lets processes that are started again and again keep what they made of the sources: half of a start's work. */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: join(tmpdir(), "limani-compile-cache") };

/** Runs `limani COMMAND` with the configuration of a data directory in which a registry was started. */
export const limaniCommand = (dataDir: string, ...command: readonly string[]): Promise<CommandOutcome> =>
	new Promise((resolve) => {
		const args = ["src/main.ts", ...command, "--config", join(dataDir, "config.yaml")];
		execFile(
			process.execPath,
			args,
			{ maxBuffer: 64 << 20, env: { ...process.env, ...COMPILE_CACHE } },
			(error, stdout, stderr) => {
				const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
				resolve({ code, output: `${stdout}${stderr}` });
			},
		);
	});
