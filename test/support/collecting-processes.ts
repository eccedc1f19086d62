import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { CollectingReport, CollectingSettings } from "./collecting-process.ts";

/** A process of collecting-process.ts. */
export interface CollectingProcess {
	readonly child: ChildProcess;
	/** What it found; undefined when it was killed before it was done. */
	readonly report: Promise<CollectingReport | undefined>;
	/** Lets it end in good order; it must not fail then. */
	end(): Promise<void>;
}

/** Starts a process; it goes with the stack. */
export const startCollecting = (stack: AsyncDisposableStack, settings: CollectingSettings): CollectingProcess => {
	const child = spawn(process.execPath, [new URL("./collecting-process.ts", import.meta.url).pathname], {
		stdio: ["pipe", "pipe", "pipe"],
		env: { ...process.env, LIMANI_COLLECTING: JSON.stringify(settings) },
	});
	const exited = once(child, "exit");
	let errors = "";
	child.stderr.on("data", (data) => {
		errors += String(data);
	});
	stack.defer(async () => {
		if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
		await exited;
	});
	return {
		child,
		report: firstLine(child).then((line) => {
			if (line !== undefined) return JSON.parse(line);
			if (child.signalCode === null && errors !== "") throw new Error(errors);
			return undefined;
		}),
		end: async () => {
			child.stdin.end();
			await exited;
			if (child.exitCode !== 0) throw new Error(`a collecting process ended with ${child.exitCode}: ${errors}`);
		},
	};
};

const firstLine = async ({ stdout }: ChildProcess): Promise<string | undefined> => {
	if (stdout === null) return undefined;
	for await (const line of createInterface(stdout)) return line;
	return undefined;
};
