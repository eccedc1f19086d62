// Containers of the image, by a containerd of the test's own, as confined as pods of the restricted profile are.
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "../eventually.ts";
import { findPart } from "../parts.ts";
import type { BuiltImage } from "./built-image.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", "..", ".ci", "parts");

const client = findPart("ctr") ?? "ctr";

/** What containerd leaves to containers when nobody says otherwise. */
const CAPABILITIES = [
	...["CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP"],
	...["NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"],
];

/** How a container runs: as the image's user without any capability, on a root file system that is read-only. */
export interface ContainerSpec {
	/** What follows the image's entry point. */
	readonly args: readonly string[];
	readonly mounts?: readonly { readonly source: string; readonly path: string; readonly readOnly: boolean }[];
	/** Over the image's own. */
	readonly environment?: Readonly<Record<string, string>>;
	/** `own` has nothing but a loopback interface. */
	readonly network: "host" | "own";
	/** How much memory it may have. */
	readonly memoryBytes: number;
}

/** A container. */
export interface Container {
	/** Process id of its first process, as the machine counts. */
	readonly pid: number;
	/** Path of its control group. */
	readonly group: string;
	/** Resolves to its exit code. */
	readonly ended: Promise<number>;
	/** Everything that it wrote so far. */
	output(): string;
	/** Runs a command in it. @throws Error when that failed */
	exec(...command: readonly string[]): Promise<string>;
	signal(name: "SIGTERM" | "SIGINT"): Promise<void>;
}

/** A containerd that has the image. Disposing it ends all containers. */
export interface Containerd extends AsyncDisposable {
	/** What `ctr` printed in that namespace of containerd. @throws Error when it failed */
	ctr(namespace: string, ...args: readonly string[]): Promise<string>;
	/** Starts a container. Resolves when its process is there. */
	run(spec: ContainerSpec): Promise<Container>;
}

const NAMESPACE = "limani";
const NAME = "localhost/limani:limani";

/** Starts containerd and gives it the image. */
export const openContainerd = async (image: BuiltImage): Promise<Containerd> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-containerd-"));
	const close = (): void => {
		execFileSync(join(scripts, "containerd-down"), [folder], { stdio: "ignore" });
		rmSync(folder, { recursive: true, force: true });
	};
	// A test that ends without a word leaves neither containers nor mounts behind.
	process.once("exit", close);
	const { stdout } = await run(join(scripts, "containerd-up"), [folder]);
	const socket = ["--address", stdout.trim(), "--namespace"];
	const ctr = async (namespace: string, ...args: readonly string[]): Promise<string> =>
		(await run(client, [...socket, namespace, ...args])).stdout;
	const archive = join(folder, "image.tar");
	await run("tar", ["--create", "--directory", image.folder, "--file", archive, "."]);
	await ctr(NAMESPACE, "images", "import", "--base-name", "localhost/limani", archive);
	rmSync(archive);
	let [count, refusals] = [0, 0];
	return {
		ctr,
		run: async (spec) => {
			for (;;) {
				count += 1;
				const id = `limani-${count}`;
				const group = `/limani-${basename(folder)}/${id}`;
				const pidFile = join(folder, `${id}.pid`);
				const flags = flagsOf(spec, { group, pidFile });
				const { Entrypoint } = image.config;
				const command = [...socket, NAMESPACE, "run", ...flags, NAME, id, ...Entrypoint, ...spec.args];
				const started = await start(command, { id, group, pidFile, ctr: (...args) => ctr(NAMESPACE, ...args) });
				if (!("refusal" in started)) return started;
				refusals += 1;
				if (refusals > MAX_REFUSALS) throw new Error(`containerd made no container: ${started.refusal}`);
				console.error(`containerd made no container, and is asked again: ${started.refusal}`);
			}
		},
		async [Symbol.asyncDispose]() {
			process.off("exit", close);
			close();
		},
	};
};

/** How often a containerd may fail to make a container, of which nothing has run then. */
const MAX_REFUSALS = 2;

interface Places {
	readonly group: string;
	readonly pidFile: string;
}

/** The image's own user, environment and folder hold where nothing else is said. */
const flagsOf = (spec: ContainerSpec, { group, pidFile }: Places): readonly string[] => [
	...["--rm", "--read-only", "--seccomp", "--cgroup", group, "--pid-file", pidFile],
	...["--memory-limit", String(spec.memoryBytes)],
	...CAPABILITIES.flatMap((capability) => ["--cap-drop", `CAP_${capability}`]),
	...(spec.network === "host" ? ["--net-host"] : []),
	...Object.entries(spec.environment ?? {}).flatMap((pair) => ["--env", pair.join("=")]),
	...(spec.mounts ?? []).flatMap(({ source, path, readOnly }) => [
		"--mount",
		`type=bind,src=${source},dst=${path},options=rbind:${readOnly ? "ro" : "rw"}`,
	]),
];

interface Starting extends Places {
	readonly id: string;
	readonly ctr: (...args: readonly string[]) => Promise<string>;
}

const start = async (
	command: readonly string[],
	{ id, group, pidFile, ctr }: Starting,
): Promise<Container | { readonly refusal: string }> => {
	const child = spawn(client, command, { stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	const keep = (data: Buffer): void => {
		output = (output + data.toString()).slice(-200_000);
	};
	child.stdout.on("data", keep);
	child.stderr.on("data", keep);
	let isOver = false;
	const ended = once(child, "close").then(([code]) => {
		isOver = true;
		return Number(code);
	});
	const pid = await eventually(() => {
		const text = existsSync(pidFile) ? readFileSync(pidFile, "utf8") : "";
		if (text === "" && !isOver) throw new Error(`the container is not made: ${output}`);
		return Number(text);
	}, 120_000);
	if (pid === 0) return { refusal: output };
	let execs = 0;
	return {
		pid,
		group,
		ended,
		output: () => output,
		exec: (...args) => {
			execs += 1;
			return ctr("tasks", "exec", "--exec-id", `exec-${execs}`, id, ...args);
		},
		signal: async (name) => {
			await ctr("tasks", "kill", "--signal", name, id);
		},
	};
};
