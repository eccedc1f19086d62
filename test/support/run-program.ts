import { execFile } from "node:child_process";

/** How a program ended. */
export interface ProgramEnd {
	/** Its exit code; -1 when a signal ended it. */
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Where and how a program runs. */
export interface ProgramOpts {
	readonly env: Readonly<Record<string, string>>;
	readonly cwd: string;
	/** What it reads from standard input; absent: nothing. */
	readonly input?: string;
	/** @defaultValue 120_000 */
	readonly timeoutMs?: number;
}

/** Runs a program to its end, bad or good. It is killed when it takes too long. */
export const runProgram = (
	program: string,
	args: readonly string[],
	{ env, cwd, input = "", timeoutMs = 120_000 }: ProgramOpts,
): Promise<ProgramEnd> =>
	new Promise((resolve) => {
		const limits = { env, cwd, timeout: timeoutMs, killSignal: "SIGKILL" as const, maxBuffer: 16 * 1024 * 1024 };
		const child = execFile(program, args, limits, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr }),
		);
		// A program that reads nothing closes the pipe early.
		child.stdin?.on("error", () => undefined);
		child.stdin?.end(input);
	});

/** What a program printed, which must have ended well. @throws Error with what it complained of */
export const outputOf = (command: string, { code, stdout, stderr }: ProgramEnd): string => {
	if (code === 0) return stdout;
	throw new Error(`${command} ended with ${code}:\n${stdout}\n${stderr}`);
};
