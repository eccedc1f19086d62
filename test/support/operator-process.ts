import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { freePort } from "./free-ports.ts";
import { COMPILE_CACHE } from "./limani-command.ts";

const root = join(import.meta.dirname, "..", "..");
const clock = new URL("./shifted-clock.ts", import.meta.url);

/** How to run an {@link OperatorPod}. */
export interface OperatorPodOpts {
	readonly podName: string;
	readonly kubeconfig: string;
	/** `NAMESPACE/NAME` */
	readonly lease: string;
	/** How far its wall clock is ahead, milliseconds. */
	readonly clockShiftMs: number;
}

/**
 * The operator in a process of its own, which is begun anew when it ends by itself, as the container of a pod is: an
 * operator that cannot go on as it should says so and ends. Disposing it kills it.
 */
export class OperatorPod implements AsyncDisposable {
	readonly podName: string;
	readonly #opts: OperatorPodOpts;
	readonly #listen: string;
	readonly #ended = Promise.withResolvers<number | null>();
	#child: ChildProcess;
	#said = "";
	#isOver = false;

	private constructor(opts: OperatorPodOpts, listen: string) {
		this.podName = opts.podName;
		this.#opts = opts;
		this.#listen = listen;
		this.#child = this.#spawn();
	}

	/** Starts one, and waits for nothing. */
	static async start(opts: OperatorPodOpts): Promise<OperatorPod> {
		return new OperatorPod(opts, `127.0.0.1:${await freePort()}`);
	}

	/** All that it wrote so far. */
	get said(): string {
		return this.#said;
	}

	/** Whether nobody ended it. */
	get runs(): boolean {
		return !this.#isOver;
	}

	/** The answer of one of its pages: `livez`, `readyz`, `metrics`. @throws TypeError while nobody listens */
	async page(name: string): Promise<{ readonly status: number; readonly text: string }> {
		const response = await fetch(`http://${this.#listen}/${name}`, { signal: AbortSignal.timeout(30_000) });
		return { status: response.status, text: await response.text() };
	}

	/** Ends it for good; resolves with its exit code, null when the signal ended it. */
	async end(signal: "SIGTERM" | "SIGKILL"): Promise<number | null> {
		this.#isOver = true;
		this.#child.kill(signal);
		return await this.#ended.promise;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.end("SIGKILL");
	}

	#spawn(): ChildProcess {
		const { podName, kubeconfig, lease, clockShiftMs } = this.#opts;
		const args = ["--import", clock.href, "src/main.ts", "operator", "--image", "registry.example/limani:1"];
		const more = ["--kubeconfig", kubeconfig, "--lease", lease, "--listen", this.#listen];
		const LIMANI_TEST_CLOCK_SHIFT = String(clockShiftMs);
		const env = { PATH: process.env.PATH ?? "", POD_NAME: podName, LIMANI_TEST_CLOCK_SHIFT, ...COMPILE_CACHE };
		const child = spawn(process.execPath, [...args, ...more], { cwd: root, env });
		for (const output of [child.stdout, child.stderr]) {
			output.on("data", (data: Buffer) => {
				this.#said += data.toString();
			});
		}
		once(child, "exit").then(([code]: unknown[]) => {
			if (this.#isOver) this.#ended.resolve(typeof code === "number" ? code : null);
			else this.#child = this.#spawn();
		});
		return child;
	}
}
