// Standalone mode in a container, as `docker run --network host` with a volume has it.
import { chownSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { eventually } from "../eventually.ts";
import { freePorts } from "../free-ports.ts";
import { findPart } from "../parts.ts";
import { outputOf, type ProgramEnd, runProgram } from "../run-program.ts";
import type { Container, Containerd } from "./containerd.ts";

const QUICK_START = join(import.meta.dirname, "..", "..", "..", "examples", "quickstart");
const MIB = 1024 * 1024;

/** Standalone mode with the manifests of the quick start. */
export interface StandaloneContainer {
	/** `host:port` of the first registry. */
	readonly address: string;
	/** Where programs run, and what they write is. */
	readonly folder: string;
	/** Path of what kubectl reaches its Kubernetes API with. */
	readonly kubeconfig: string;
	/** Starts a container with the one volume. Resolves when everything that the manifests name is Ready. */
	start(): Promise<Container>;
	/** What kubectl printed. @throws Error when it failed */
	kubectl(...args: readonly string[]): Promise<string>;
	/** How a program of the parts ended. */
	attempt(program: string, ...args: readonly string[]): Promise<ProgramEnd>;
	/** Writes a file below the folder; gives its path. */
	write(path: string, text: string): string;
}

/** What the container may have, in bytes: more than the program is seen to need with everything in one process. */
export const STANDALONE_MEMORY = 768 * MIB;

/** Makes a volume for it, of the image's user. */
export const standaloneContainer = async (containerd: Containerd, user: number): Promise<StandaloneContainer> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-image-"));
	const volume = join(folder, "volume");
	mkdirSync(volume, { mode: 0o700 });
	chownSync(volume, user, user);
	const kube = await freePorts(6);
	const address = `127.0.0.1:${kube + 1}`;
	const kubeconfig = join(volume, "kubeconfig");
	const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: folder };
	const attempt = (program: string, ...args: readonly string[]): Promise<ProgramEnd> =>
		runProgram(findPart(program) ?? program, args, { env, cwd: folder });
	return {
		address,
		folder,
		kubeconfig,
		attempt,
		kubectl: async (...args) => outputOf(`kubectl ${args.join(" ")}`, await attempt("kubectl", ...args)),
		write: (path, text) => {
			const file = join(folder, path);
			mkdirSync(dirname(file), { recursive: true });
			writeFileSync(file, text);
			return file;
		},
		start: async () => {
			const container = await containerd.run({
				args: ["standalone", "--manifests", "/manifests"],
				environment: { LIMANI_LISTEN: address, LIMANI_KUBE_LISTEN: `127.0.0.1:${kube}` },
				mounts: [
					{ source: volume, path: "/var/lib/limani", readOnly: false },
					{ source: QUICK_START, path: "/manifests", readOnly: true },
				],
				network: "host",
				memoryBytes: STANDALONE_MEMORY,
			});
			await untilReady(container, `http://${address}/readyz`);
			return container;
		},
	};
};

/** Waits until a container's probe is content. @throws Error when the container ends */
export const untilReady = async (container: Container, url: string): Promise<void> => {
	let code: number | undefined;
	void container.ended.then((ended) => {
		code = ended;
	});
	await eventually(async () => {
		if (code !== undefined) return;
		const { ok, status } = await fetch(url, { signal: AbortSignal.timeout(10_000) });
		if (!ok) throw new Error(`${url} answers ${status}:\n${container.output()}`);
	}, 180_000);
	if (code !== undefined) throw new Error(`the container ended with ${code}:\n${container.output()}`);
};
