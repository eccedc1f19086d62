// Somebody at a node who pulls all the time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { eventually } from "../eventually.ts";
import type { NodeName, Nodes } from "./nodes.ts";

const program = join(import.meta.dirname, "pulling-process.ts");

/** What is pulled, and by whom. */
export interface Pulling {
	/** Where a process runs; drained or not, it stays. */
	readonly node: NodeName;
	/** `scheme://host` of the registry. */
	readonly origin: string;
	readonly repository: string;
	readonly tag: string;
	/** The value of the header. */
	readonly authorization: string;
	/** A file with the authority that the registry's certificate is of; absent: one that everybody knows, or none. */
	readonly authority?: string;
}

/** What came of it. */
export interface Pulled {
	readonly pulls: number;
	/** What failed, and when. */
	readonly failures: readonly string[];
}

/** See the head of this file. */
export interface Puller extends AsyncDisposable {
	/** What came of it so far. */
	pulled(): Pulled;
	/** Resolves when there were some pulls more. */
	more(count: number): Promise<void>;
	/** Resolves when some pulls more succeeded. */
	succeeded(count: number): Promise<void>;
}

/** Begins to pull, until it is disposed of. */
export const startPuller = (
	nodes: Nodes,
	{ node, origin, repository, tag, authorization, authority }: Pulling,
): Puller => {
	const on = nodes.commandOn(node);
	const args = [...on.args, process.execPath, program, origin, repository, tag, authorization];
	const env = authority === undefined ? process.env : { ...process.env, NODE_EXTRA_CA_CERTS: authority };
	const child = spawn(on.program, args, { env, stdio: ["pipe", "pipe", "inherit"] });
	const ended = once(child, "close");
	let pulls = 0;
	const failures: string[] = [];
	createInterface(child.stdout).on("line", (line) => {
		pulls += 1;
		if (line !== "ok") failures.push(line);
	});
	const until = async (present: () => number, count: number): Promise<void> => {
		const enough = present() + count;
		await eventually(() => {
			if (present() < enough)
				throw new Error(`${enough - present()} pulls of ${count} are to come: ${failures.at(-1)}`);
		}, 240_000);
	};
	return {
		pulled: () => ({ pulls, failures: [...failures] }),
		more: (count) => until(() => pulls, count),
		succeeded: (count) => until(() => pulls - failures.length, count),
		async [Symbol.asyncDispose]() {
			child.stdin.end();
			await ended;
		},
	};
};
