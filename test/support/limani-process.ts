// A registry as a user runs it: `limani registry` in a process of its own, with a data directory that outlives it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { freePort } from "./free-ports.ts";

/** The administrator that every such registry has. */
export const ADMIN = { user: "admin", password: "correct-horse-battery" };

/** Its Authorization header. */
export const ADMIN_AUTHORIZATION = `Basic ${Buffer.from(`${ADMIN.user}:${ADMIN.password}`).toString("base64")}`;

/** How to run it. */
export interface LimaniOpts {
	/** Keys of the configuration document, over those that make it a registry with projects `team` and `library`. */
	readonly config?: Readonly<Record<string, unknown>>;
	/** The data directory; absent: a new temporary one, removed at disposal. */
	readonly dataDir?: string;
	/** A port of loopback; absent: a free one. */
	readonly port?: number;
	/** The address that it listens on, where that is not loopback. */
	readonly host?: string;
	/** Put before the program, e.g. `["strace", "-f"]`. */
	readonly wrapper?: readonly string[];
	/** The program's main file. @defaultValue that of this release */
	readonly program?: string;
	/** Variables of its environment, over the test's own. */
	readonly environment?: Readonly<Record<string, string>>;
}

/** The running process. */
export interface LimaniProcess extends AsyncDisposable {
	readonly url: string;
	/** `host:port`. */
	readonly address: string;
	readonly dataDir: string;
	readonly child: ChildProcess;
	/** Everything it wrote so far. */
	output(): string;
	/** Sends the signal and waits for the end of the process. */
	stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts a registry and waits until it is ready. */
export const startLimani = async (opts: LimaniOpts = {}): Promise<LimaniProcess> => {
	const limani = await spawnLimani(opts);
	try {
		await limani.ready();
		return limani;
	} catch (error) {
		await limani[Symbol.asyncDispose]();
		throw error;
	}
};

/** Starts a registry, and waits for nothing. */
export const spawnLimani = async (opts: LimaniOpts = {}): Promise<LimaniProcess & { ready(): Promise<void> }> => {
	const dataDir = opts.dataDir ?? mkdtempSync(join(tmpdir(), "limani-"));
	const port = opts.port ?? (await freePort());
	const address = `${opts.host ?? "127.0.0.1"}:${port}`;
	const file = writeConfig({ ...opts, dataDir, port });
	const command = [
		...(opts.wrapper ?? []),
		process.execPath,
		opts.program ?? "src/main.ts",
		"registry",
		"--config",
		file,
	];
	const [program = process.execPath, ...args] = command;
	const env = { ...process.env, ...opts.environment };
	const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env });
	let output = "";
	const keep = (data: Buffer): void => {
		output = (output + data.toString()).slice(-200_000);
		if (process.env.LIMANI_TEST_LOG !== undefined) appendFileSync(process.env.LIMANI_TEST_LOG, data);
	};
	child.stdout.on("data", keep);
	child.stderr.on("data", keep);
	const exited = once(child, "exit");
	const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<void> => {
		if (child.exitCode === null && child.signalCode === null) child.kill(signal);
		await exited;
	};
	const url = `http://${address}`;
	return {
		url,
		address,
		dataDir,
		child,
		output: () => output,
		stop,
		ready: () => waitUntilReady(url, child, () => output),
		async [Symbol.asyncDispose]() {
			await stop("SIGKILL");
			if (opts.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
		},
	};
};

/** Writes the configuration of a data directory, as a start would. @returns its path */
export const writeConfig = (opts: LimaniOpts & { readonly dataDir: string }): string => {
	const { dataDir, port = 0, host = "127.0.0.1", config } = opts;
	const file = join(dataDir, "config.yaml");
	writeFileSync(file, stringify(configOf(`${host}:${port}`, dataDir, config)));
	return file;
};

const configOf = (listen: string, dataDir: string, config: LimaniOpts["config"]): object => ({
	listen,
	dataDir,
	log: { requests: process.env.LIMANI_TEST_LOG !== undefined },
	resources: {
		projects: [{ name: "team" }, { name: "other" }, { name: "library", visibility: "Public" }],
		users: [
			{ name: ADMIN.user, password: ADMIN.password, admin: true },
			{ name: "nobody", password: "nothing-to-see" },
		],
	},
	...config,
});

const waitUntilReady = async (url: string, child: ChildProcess, output: () => string): Promise<void> => {
	const deadline = performance.now() + 180_000;
	while (performance.now() < deadline) {
		if (child.exitCode !== null || child.signalCode !== null)
			throw new Error(`limani ended at its start:\n${output()}`);
		const ready = await fetch(`${url}/readyz`).then(
			(response) => response.ok,
			() => false,
		);
		if (ready) return;
		await sleep(50);
	}
	child.kill("SIGKILL");
	throw new Error(`limani was not ready in time:\n${output()}`);
};
