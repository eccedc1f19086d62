import { mkdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-ports.ts";
import { COMPILE_CACHE } from "../limani-command.ts";
import { type LimaniProcess, spawnLimani } from "../limani-process.ts";
import { signal } from "../process-lives.ts";
import type { ReplicaLives } from "./lives.ts";
import type { ReplicaNetwork } from "./network.ts";

/** What a replica is made of. */
export interface ReplicaOpts {
	readonly name: string;
	readonly dataDir: string;
	readonly network: ReplicaNetwork;
	/** Its configuration. */
	readonly config: Readonly<Record<string, unknown>>;
	readonly lives: ReplicaLives;
}

/** One of the equal processes, which dies, stands still and comes back, always at the same address. */
export class Replica implements AsyncDisposable {
	readonly name: string;
	readonly port: number;
	readonly dataDir: string;
	readonly network: ReplicaNetwork;
	/** May be replaced; counts from the next start on. */
	config: Readonly<Record<string, unknown>>;
	/** The main file of its release; absent: this one. May be replaced; counts from the next start on. */
	program: string | undefined;
	/** When it was killed, milliseconds of the monotonic clock. */
	readonly deaths: number[] = [];
	readonly #lives: ReplicaLives;
	#process: (LimaniProcess & { ready(): Promise<void> }) | undefined;
	/** What processes that ended wrote. */
	#before = "";

	private constructor(port: number, { name, dataDir, network, config, lives }: ReplicaOpts) {
		this.name = name;
		this.port = port;
		this.dataDir = dataDir;
		this.network = network;
		this.config = config;
		this.#lives = lives;
		mkdirSync(dataDir, { recursive: true });
	}

	/** Takes a port, and starts nothing yet. */
	static async open(opts: ReplicaOpts): Promise<Replica> {
		return new Replica(await freePort(), opts);
	}

	get host(): string {
		return this.network.host;
	}

	get url(): string {
		return `http://${this.host}:${this.port}`;
	}

	get isRunning(): boolean {
		return this.#process !== undefined;
	}

	/** The process that runs; absent: none does. */
	get pid(): number | undefined {
		return this.#process?.child.pid;
	}

	/** Everything that its processes wrote. */
	get output(): string {
		return this.#before + (this.#process?.output() ?? "");
	}

	/** Starts it, and waits for nothing. */
	async spawn(): Promise<void> {
		const { port, host, dataDir, config, network, program } = this;
		this.#lives.born(this);
		this.#process = await spawnLimani({
			port,
			host,
			dataDir,
			config,
			wrapper: network.wrapper,
			environment: COMPILE_CACHE,
			...(program === undefined ? {} : { program }),
		});
	}

	/** Starts it and waits until it is ready. */
	async start(): Promise<void> {
		await this.spawn();
		await this.#process?.ready();
	}

	/** Kills it with SIGKILL. */
	async kill(): Promise<void> {
		await this.#end("SIGKILL");
	}

	/** Tells it to end. @returns how long that took, milliseconds */
	async terminate(): Promise<number> {
		const from = performance.now();
		await this.#end("SIGTERM");
		return performance.now() - from;
	}

	/** Lets it stand still for so many milliseconds. */
	async pause(ms: number): Promise<void> {
		this.suspend();
		await sleep(ms);
		this.resume();
	}

	/** Lets it stand still from now on. */
	suspend(): void {
		if (this.pid !== undefined) signal(this.pid, "SIGSTOP");
	}

	/** Lets it go on. */
	resume(): void {
		if (this.pid !== undefined) signal(this.pid, "SIGCONT");
	}

	/** Memory that its process has, MiB. */
	residentMiB(): number {
		const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
		return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.kill();
	}

	async #end(name: NodeJS.Signals): Promise<void> {
		const process = this.#process;
		if (process === undefined) return;
		await process.stop(name);
		this.deaths.push(performance.now());
		this.#before = (this.#before + process.output()).slice(-200_000);
		this.#process = undefined;
		this.#lives.ended(this);
	}
}
