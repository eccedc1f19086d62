import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** How to run a server. */
export interface ChildOpts {
	readonly command: readonly string[];
	/** Takes what the server writes, its access log as well. */
	readonly logFile: string;
	readonly environment?: Readonly<Record<string, string>>;
	/** Answers 2xx or 4xx once the server serves. */
	readonly probe: string;
}

/** A server's process. */
export interface Child {
	readonly pid: number;
	/** Ends it as its manager would, by force when it does not end. */
	stop(): Promise<void>;
}

/** Starts a server and waits until it answers. */
export const startChild = async ({ command, logFile, environment, probe }: ChildOpts): Promise<Child> => {
	const [program = "", ...args] = command;
	const log = openSync(logFile, "a");
	const child = spawn(program, args, { stdio: ["ignore", log, log], env: { ...process.env, ...environment } });
	closeSync(log);
	const exited = once(child, "exit");
	const kill = (): void => {
		child.kill("SIGKILL");
	};
	process.on("exit", kill);
	const stop = async (): Promise<void> => {
		process.off("exit", kill);
		if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
		const late = setTimeout(kill, 10_000);
		await exited;
		clearTimeout(late);
	};
	const deadline = performance.now() + 120_000;
	while (!(await answers(probe))) {
		if (child.exitCode !== null || performance.now() > deadline) {
			kill();
			throw new Error(`${program} did not start:\n${readFileSync(logFile, "utf8").slice(-4000)}`);
		}
		await sleep(50);
	}
	if (child.pid === undefined) throw new Error(`${program} did not start`);
	return { pid: child.pid, stop };
};

const answers = (url: string): Promise<boolean> =>
	fetch(url).then(
		(response) => response.status < 500,
		() => false,
	);
