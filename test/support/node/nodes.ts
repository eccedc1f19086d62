// A Kubernetes with real nodes, of the test's own: in namespaces of the machine that lead nowhere.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "../free-ports.ts";
import type { BuiltImage } from "../image/built-image.ts";
import { forwardPort } from "../image/forwarded-port.ts";
import { findPart, skipWithout } from "../parts.ts";
import { outputOf, type ProgramEnd, runProgram } from "../run-program.ts";
import { leadIn } from "./led-in-port.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", "..", ".ci", "parts");
/** The API server's, etcd's two, and the controllers'. */
const PORTS = 5;
/** How long a program may take on a busy machine that waits for pods, milliseconds. */
const LONG_MS = 300_000;

/** A name of a node: each is a zone of its own. */
export type NodeName = "node1" | "node2";

/** The nodes of {@link openNodes}. */
export const NODES = ["node1", "node2"] as const satisfies readonly NodeName[];

/** A cluster of two nodes. Disposing it ends everything in it at once. */
export interface Nodes extends AsyncDisposable {
	/** Folder that both nodes and the test see, and that goes with the cluster. */
	readonly folder: string;
	/** What the real kubectl printed, as an administrator. @throws Error when it failed */
	kubectl(...args: readonly string[]): Promise<string>;
	/** How kubectl ended, given that on its standard input. */
	attemptKubectl(args: readonly string[], input?: string): Promise<ProgramEnd>;
	/** Applies manifests, as text. @throws Error when that failed */
	apply(manifests: string): Promise<void>;
	/** What helm printed. @throws Error when it failed */
	helm(...args: readonly string[]): Promise<string>;
	/** How a program ended that somebody runs on a node, where names and addresses of Services lead to them. */
	attempt(node: NodeName, program: string, ...args: readonly string[]): Promise<ProgramEnd>;
	/** The command that runs another one on a node. */
	commandOn(node: NodeName): { readonly program: string; readonly args: readonly string[] };
	/** Gives every node an image of a folder in the OCI image layout: `localhost/limani` with its name there for a tag. */
	load(layout: string): Promise<void>;
	/** Has each node's containerd trust an authority for a registry; absent: speak to it without TLS. */
	trust(host: string, ca?: string): void;
	/** Cuts a node off from everybody, with all that runs there. */
	cutOff(node: NodeName): Promise<void>;
	/** Leads an address of the cluster, which is given back, to a port of loopback of the machine; the same one each time. */
	leadIn(port: number): Promise<string>;
}

/** The `skip` option of tests that use {@link openNodes}. */
export const skipWithoutNodes = (): string | false =>
	skipWithout("etcd", "kube-apiserver", "kubelet", "kube-proxy", "containerd", "dnsmasq", "buildah", "kubectl", "helm");

/**
 * Starts it, with an image on every node, which is called `localhost/limani:limani` there.
 *
 * @throws Error with what the machine lacks: nodes need root, and a kernel with namespaces and control groups
 */
export const openNodes = async (image: BuiltImage): Promise<Nodes> => {
	const folder = mkdtempSync(join(tmpdir(), "limani-nodes-"));
	const port = await freePorts(PORTS);
	const close = (): void => {
		execFileSync(join(scripts, "nodes-down"), [folder], { stdio: "ignore" });
		rmSync(folder, { recursive: true, force: true });
	};
	// A test that ends without a word leaves nothing behind, and neither does one that is killed: see nodes-up.
	process.once("exit", close);
	const stack = new AsyncDisposableStack();
	stack.defer(() => {
		process.off("exit", close);
		close();
	});
	try {
		const up = [folder, String(port), String(NODES.length), String(process.pid)];
		await run(join(scripts, "nodes-up"), up, { timeout: LONG_MS });
		const cluster = clusterIn(folder, stack);
		const pid = Number((await run("cat", [join(folder, "first.pid")])).stdout);
		stack.use(await forwardPort({ from: port, to: port, pid, folder }));
		await cluster.load(image.folder);
		return { ...cluster, [Symbol.asyncDispose]: () => stack.disposeAsync() };
	} catch (error) {
		await stack.disposeAsync();
		throw error;
	}
};

const importImage = async (folder: string, layout: string): Promise<void> => {
	const archive = join(folder, "image.tar");
	await run("tar", ["--create", "--directory", layout, "--file", archive, "."]);
	const how = ["images", "import", "--base-name", "localhost/limani", archive];
	await Promise.all(
		NODES.map((node) => {
			const socket = ["--address", join(folder, node, "containerd.sock"), "--namespace", "k8s.io"];
			return run(findPart("ctr") ?? "ctr", [...socket, ...how], { timeout: LONG_MS });
		}),
	);
	rmSync(archive);
};

const clusterIn = (folder: string, stack: AsyncDisposableStack): Omit<Nodes, typeof Symbol.asyncDispose> => {
	const env = { PATH: process.env.PATH ?? "", HOME: folder, KUBECONFIG: join(folder, "kubeconfig") };
	const how = { env, cwd: folder, timeoutMs: LONG_MS };
	const attempt = (name: string, args: readonly string[], input?: string): Promise<ProgramEnd> =>
		runProgram(findPart(name) ?? name, args, input === undefined ? how : { ...how, input });
	const succeed = async (name: string, args: readonly string[], input?: string): Promise<string> =>
		outputOf(`${name} ${args.join(" ")}`, await attempt(name, args, input));
	const ways = new Map<number, ReturnType<typeof leadIn>>();
	const commandOn = (node: NodeName) => ({ program: join(scripts, "nodes-run"), args: [folder, node] });
	return {
		folder,
		kubectl: (...args) => succeed("kubectl", args),
		attemptKubectl: (args, input) => attempt("kubectl", args, input),
		apply: async (manifests) => void (await succeed("kubectl", ["apply", "--filename", "-"], manifests)),
		helm: (...args) => succeed("helm", args),
		commandOn,
		load: (layout) => importImage(folder, layout),
		attempt: (node, program, ...args) => {
			const { program: enter, args: first } = commandOn(node);
			return runProgram(enter, [...first, findPart(program) ?? program, ...args], how);
		},
		trust: (host, ca) => {
			for (const node of NODES) {
				const directory = join(folder, node, "certs", host);
				mkdirSync(directory, { recursive: true });
				if (ca !== undefined) writeFileSync(join(directory, "ca.crt"), ca);
				writeFileSync(join(directory, "hosts.toml"), hostsOf(host, ca !== undefined));
			}
		},
		cutOff: async (node) =>
			void (await run(join(scripts, "nodes-run"), [folder, "plane", "ip", "link", "set", node, "down"])),
		leadIn: async (port) => {
			const way = ways.get(port) ?? leadIn({ folder, port }).then((opened) => stack.use(opened));
			ways.set(port, way);
			return (await way).address;
		},
	};
};

/** How containerd speaks to a registry. */
const hostsOf = (host: string, isTrusted: boolean): string => {
	const url = `${isTrusted ? "https" : "http"}://${host}`;
	return [
		`server = "${url}"`,
		`[host."${url}"]`,
		'capabilities = ["pull", "resolve"]',
		isTrusted ? 'ca = "ca.crt"' : "",
	].join("\n");
};
