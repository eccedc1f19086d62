import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { KubeConnection } from "#/kube/rest/connection.ts";
import { findPart } from "../parts.ts";
import { writeKubeconfig } from "../write-kubeconfig.ts";
import { documentsOf, type KubectlStep } from "./kubectl-step.ts";

/** What a command of kubectl left behind. */
export interface KubectlAnswer {
	/** 0: it was content; 1 of `diff`: there are differences. */
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Longer than any command takes on a busy machine, milliseconds. */
const PATIENCE_MS = 180_000;

/** kubectl with a home of its own, before one API server. */
export class KubectlPeer implements Disposable {
	/** Where it runs; messages may name it. */
	readonly home = mkdtempSync(join(tmpdir(), "limani-differential-"));
	readonly #program: string;

	private constructor(program: string) {
		this.#program = program;
	}

	/** @param namespace the one that is meant where a command names none */
	static async open(connection: KubeConnection, namespace: string): Promise<KubectlPeer> {
		const program = findPart("kubectl");
		if (program === undefined) throw new Error("kubectl is not on this machine: .ci/parts/kube installs it");
		const peer = new KubectlPeer(program);
		await writeKubeconfig(connection, join(peer.home, "kubeconfig"), namespace);
		return peer;
	}

	async run({ args: given, files = {}, edits = "", follows, uidOf }: KubectlStep): Promise<KubectlAnswer> {
		const uid = uidOf === undefined ? "" : await this.#uidOf(uidOf);
		for (const [name, objects] of Object.entries(files)) {
			writeFileSync(join(this.home, name), documentsOf(objects).replaceAll("{uid}", uid));
		}
		const args = given.map((arg) => arg.replaceAll("{uid}", uid));
		if (follows !== undefined) return await this.#follow(args, follows);
		const { promise, resolve } = Promise.withResolvers<KubectlAnswer>();
		const limits = { ...this.#where(edits), timeout: PATIENCE_MS, maxBuffer: 16 * 1024 * 1024 };
		const child = execFile(this.#program, args, limits, (error, stdout, stderr) =>
			resolve({ code: error === null ? 0 : (child.exitCode ?? -1), stdout, stderr }),
		);
		return await promise;
	}

	[Symbol.dispose](): void {
		rmSync(this.home, { recursive: true, force: true });
	}

	#where(edits = "") {
		const { home } = this;
		const env = {
			PATH: process.env.PATH ?? "",
			HOME: home,
			KUBECONFIG: join(home, "kubeconfig"),
			TMPDIR: home,
			EDITOR: `sed -i -e '${edits}'`,
		};
		return { env, cwd: home };
	}

	async #follow(
		args: readonly string[],
		{ lines, meanwhile }: NonNullable<KubectlStep["follows"]>,
	): Promise<KubectlAnswer> {
		const child: ChildProcessByStdio<null, Readable, Readable> = spawn(this.#program, args, {
			...this.#where(),
			stdio: ["ignore", "pipe", "pipe"],
		});
		const exited = once(child, "exit");
		const timer = setTimeout(() => child.kill(), PATIENCE_MS);
		let [stdout, stderr] = ["", ""];
		child.stderr.on("data", (text) => (stderr += text));
		let begun: Promise<void> | undefined;
		for await (const chunk of child.stdout) {
			stdout += chunk;
			begun ??= this.#each(meanwhile);
			if (stdout.split("\n").length > lines) break;
		}
		clearTimeout(timer);
		child.kill();
		await exited;
		await begun;
		return { code: 0, stdout: stdout.split("\n").slice(0, lines).join("\n"), stderr };
	}

	async #uidOf(object: string): Promise<string> {
		return (await this.run({ name: "", args: ["get", object, "-o", "jsonpath={.metadata.uid}"] })).stdout;
	}

	async #each(commands: readonly (readonly string[])[]): Promise<void> {
		for (const args of commands) {
			const { code, stderr } = await this.run({ name: "", args });
			if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
		}
	}
}
