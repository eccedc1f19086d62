// Standalone mode as a person runs it: a process of its own, a directory that outlives it, and the programs that
// people use on it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { eventually } from "./eventually.ts";
import { type EveryStatus, lintEveryStatus } from "./every-status.ts";
import { freePorts } from "./free-ports.ts";
import { findPart } from "./parts.ts";
import { outputOf, type ProgramEnd, runProgram } from "./run-program.ts";

/** How to run it. */
export interface StandaloneOpts {
	/** Manifests to write into its directory of manifests, by file name; absent: the ones of the quick start. */
	readonly manifests?: Readonly<Record<string, string>>;
	/** More arguments, such as `["--log", "debug"]`. */
	readonly args?: readonly string[];
}

/**
 * Standalone mode in a process. Disposing it kills it and removes its directories, and fails when a status that any
 * resource came to meanwhile breaks the rules of statuses.
 */
export interface StandaloneProcess extends AsyncDisposable {
	/** `host:port` of the first registry. */
	readonly address: string;
	/** What `--data` names. */
	readonly directory: string;
	/** A temporary directory of everything, where programs run. */
	readonly folder: string;
	/** Of the process that runs, or ran last. */
	readonly pid: number | undefined;
	/** Everything that it wrote so far, in this life and in those before. */
	output(): string;
	/** What kubectl printed. @throws Error when it failed */
	kubectl(...args: readonly string[]): Promise<string>;
	/** What helm printed. @throws Error when it failed */
	helm(...args: readonly string[]): Promise<string>;
	/** Gives a manifest to `kubectl` by standard input, for `-f -`. @throws Error when it failed */
	feed(manifest: string, ...args: readonly string[]): Promise<string>;
	/** How a program of the parts, or of this machine, ended; badly too. */
	attempt(program: string, ...args: readonly string[]): Promise<ProgramEnd>;
	/** Like `attempt`, with more variables in its environment. */
	attemptWith(environment: Readonly<Record<string, string>>, program: string, ...args: string[]): Promise<ProgramEnd>;
	/** What a program printed. @throws Error when it failed */
	run(program: string, ...args: readonly string[]): Promise<string>;
	/** Writes a file below the folder; gives its path. */
	write(path: string, text: string): string;
	/** Sends a signal, and waits for the end of the process. */
	stop(signal?: NodeJS.Signals): Promise<void>;
	/** Starts it again with the same directory and addresses. Resolves when it is ready. */
	start(): Promise<void>;
}

const QUICK_START = "examples/quickstart";
/** How long a start may take on a loaded machine, milliseconds. */
const START_MS = 120_000;

/** Starts standalone mode, and waits until everything that its manifests name is Ready. */
export const startStandalone = async (opts: StandaloneOpts = {}): Promise<StandaloneProcess> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-standalone-"));
	const directory = join(folder, "data");
	const first = await freePorts(6);
	const address = `127.0.0.1:${first + 1}`;
	const args = [
		...["src/main.ts", "standalone", "--data", directory, "--listen", address],
		...["--kube-listen", `127.0.0.1:${first}`, "--manifests", manifestsOf(opts, folder), ...(opts.args ?? [])],
	];
	const life = new Life(args, `http://${address}/readyz`);
	const env = environmentOf(folder, join(directory, "kubeconfig"));
	const attemptWith = (more: Readonly<Record<string, string>>, program: string, ...rest: readonly string[]) =>
		runProgram(findPart(program) ?? program, rest, { env: { ...env, ...more }, cwd: folder });
	const run = async (program: string, ...rest: readonly string[]): Promise<string> =>
		outputOf([program, ...rest].join(" "), await attemptWith({}, program, ...rest));
	let statuses: EveryStatus | undefined;
	const standalone: StandaloneProcess = {
		address,
		directory,
		folder,
		attemptWith,
		run,
		get pid() {
			return life.pid;
		},
		output: () => life.output,
		kubectl: (...rest) => run("kubectl", ...rest),
		helm: (...rest) => run("helm", ...rest),
		attempt: (program, ...rest) => attemptWith({}, program, ...rest),
		async feed(manifest, ...rest) {
			const ended = await runProgram(findPart("kubectl") ?? "kubectl", rest, { env, cwd: folder, input: manifest });
			return outputOf(`kubectl ${rest.join(" ")}`, ended);
		},
		write: (path, text) => writeBelow(folder, path, text),
		stop: (signal) => life.stop(signal),
		start: () => life.start(),
		async [Symbol.asyncDispose]() {
			try {
				await statuses?.end();
			} finally {
				await life.stop("SIGKILL");
				rmSync(folder, { recursive: true, force: true });
			}
		},
	};
	try {
		await life.start();
		statuses = await lintEveryStatus(join(directory, "kubeconfig"));
		return standalone;
	} catch (error) {
		await standalone[Symbol.asyncDispose]();
		throw error;
	}
};

/** One process after the other. */
class Life {
	readonly #args: readonly string[];
	readonly #readyz: string;
	#child: ChildProcess | undefined;
	output = "";

	get pid(): number | undefined {
		return this.#child?.pid;
	}

	constructor(args: readonly string[], readyz: string) {
		this.#args = args;
		this.#readyz = readyz;
	}

	async start(): Promise<void> {
		const child = spawn(process.execPath, this.#args, { stdio: ["ignore", "pipe", "pipe"] });
		this.#child = child;
		const keep = (data: Buffer): void => {
			this.output = (this.output + data.toString()).slice(-200_000);
			if (process.env.LIMANI_TEST_LOG !== undefined) appendFileSync(process.env.LIMANI_TEST_LOG, data);
		};
		child.stdout.on("data", keep);
		child.stderr.on("data", keep);
		await eventually(async () => {
			if (hasEnded(child)) return;
			const { ok } = await fetch(this.#readyz);
			if (!ok) throw new Error(`it was not ready in time:\n${this.output}`);
		}, START_MS);
		if (hasEnded(child)) throw new Error(`it ended at its start:\n${this.output}`);
	}

	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		const child = this.#child;
		if (child === undefined || hasEnded(child)) return;
		const exited = once(child, "exit");
		child.kill(signal);
		await exited;
	}
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

const manifestsOf = ({ manifests }: StandaloneOpts, folder: string): string => {
	if (manifests === undefined) return QUICK_START;
	const directory = join(folder, "manifests");
	mkdirSync(directory);
	for (const [name, text] of Object.entries(manifests)) writeBelow(directory, name, text);
	return directory;
};

const writeBelow = (folder: string, path: string, text: string): string => {
	const file = join(folder, path);
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(file, text);
	return file;
};

/** Programs have a home of their own, so that nothing of this machine's user plays a part. */
const environmentOf = (folder: string, kubeconfig: string): Readonly<Record<string, string>> => {
	const home = join(folder, "home");
	mkdirSync(home);
	return { PATH: process.env.PATH ?? "", HOME: home, XDG_RUNTIME_DIR: home, KUBECONFIG: kubeconfig, TMPDIR: folder };
};
