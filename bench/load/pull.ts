import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import type { PullAnswer, PullJob, PullResult } from "./pull-job.ts";

/** A process that pulls and drops what it receives inside the kernel, so that the client is not the limit. */
export class Puller implements Disposable {
	readonly #child: ChildProcess;

	constructor() {
		const program = new URL("./pull-process.ts", import.meta.url);
		this.#child = fork(program, { execArgv: ["--disable-warning=ExperimentalWarning"] });
	}

	/** @throws when an answer was not 200, or broke off */
	async pull(job: PullJob): Promise<PullResult> {
		this.#child.send(job);
		const given = new AbortController();
		const { signal } = given;
		const [answer] = (await Promise.race([
			once(this.#child, "message", { signal }),
			once(this.#child, "exit", { signal }).then(([code]) => [{ failed: `the pulling process ended with ${code}` }]),
		])) as [PullAnswer];
		given.abort();
		if ("failed" in answer) throw new Error(answer.failed);
		return answer.result;
	}

	[Symbol.dispose](): void {
		this.#child.kill();
	}
}
