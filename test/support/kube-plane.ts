import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fieldAt } from "#/kube-embedded/json.ts";
import { freePorts } from "./free-ports.ts";
import { openGivenCluster } from "./given-cluster.ts";
import { skipWithout } from "./parts.ts";

const run = promisify(execFile);
const scripts = join(import.meta.dirname, "..", "..", ".ci", "parts");
/** The API server's, etcd's two, and the controllers'. */
const PORTS = 5;

/** A real Kubernetes API server, and the path of a kubeconfig for its administrator. */
export interface KubePlane extends AsyncDisposable {
	readonly kubeconfig: string;
	/** Stops it with all that belongs to it and starts it again with its data; absent: it is not ours to stop. */
	readonly restart?: () => Promise<void>;
	/** What may be done to a server that is ours; absent: it is not. */
	readonly own?: OwnPlane;
}

/** The processes of a control plane that a test may hurt. */
export interface OwnPlane {
	/** Of the API server on loopback. */
	readonly port: number;
	/** Stops the API server where it stands, or lets it go on: its connections stay, and nobody answers. */
	signal(signal: "SIGSTOP" | "SIGCONT"): void;
	/** Lets etcd forget all versions but the newest. */
	compact(): Promise<void>;
}

/**
 * The `skip` option of tests that use {@link openKubePlane}. A cluster is only ever used when it is given for that very
 * purpose, by the variable `LIMANI_TEST_KUBECONFIG`, which names a kubeconfig; `KUBECONFIG` alone says nothing. Else
 * etcd and Kubernetes' programs are needed, from the folder `KUBEBUILDER_ASSETS` or from `.ci/parts/kubernetes`.
 */
export const skipWithoutKube = (): string | false =>
	given() === undefined ? skipWithout("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler") : false;

const given = (): string | undefined => {
	const path = process.env.LIMANI_TEST_KUBECONFIG;
	return path === "" ? undefined : path;
};

/** Settings of {@link openKubePlane}. */
export interface KubePlaneOpts {
	/**
	 * Whether kube-controller-manager and kube-scheduler run too: without them no namespace is ever gone, and what
	 * others own stays when they are deleted. @defaultValue false
	 */
	readonly controllers?: boolean;
}

/** A control plane of the test's own on loopback, which goes with its data; or the cluster that was given for tests. */
export const openKubePlane = async ({ controllers = false }: KubePlaneOpts = {}): Promise<KubePlane> => {
	const kubeconfig = given();
	if (kubeconfig !== undefined) return await openGivenPlane(kubeconfig);
	const directory = mkdtempSync(join(tmpdir(), "limani-kube-plane-"));
	const port = await freePorts(PORTS);
	const up = async () => {
		const more = controllers ? ["controllers"] : [];
		const { stdout } = await run(join(scripts, "kubernetes-up"), [directory, String(port), ...more]);
		return stdout.trim();
	};
	const down = () => execFileSync(join(scripts, "kubernetes-down"), [directory], { stdio: "ignore" });
	const remove = () => {
		down();
		rmSync(directory, { recursive: true, force: true });
	};
	// A test that ends without a word leaves no server behind.
	process.once("exit", remove);
	try {
		const path = await up();
		return {
			kubeconfig: path,
			restart: async () => {
				await run(join(scripts, "kubernetes-down"), [directory]);
				await up();
			},
			own: {
				port,
				signal: (signal) => void process.kill(Number(readFileSync(join(directory, "apiserver.pid"), "utf8")), signal),
				compact: () => compactEtcd(`http://127.0.0.1:${port + 1}`),
			},
			[Symbol.asyncDispose]: async () => {
				process.off("exit", remove);
				remove();
			},
		};
	} catch (error) {
		process.off("exit", remove);
		remove();
		throw error;
	}
};

/** Asks over etcd's own JSON, which stands beside its gRPC. */
const compactEtcd = async (url: string): Promise<void> => {
	const ask = async (path: string, body: object): Promise<unknown> => {
		const response = await fetch(`${url}/v3/kv/${path}`, { method: "POST", body: JSON.stringify(body) });
		if (!response.ok) throw new Error(`etcd: ${path}: ${response.status} ${await response.text()}`);
		return await response.json();
	};
	const key = Buffer.from("/registry/namespaces/default").toString("base64");
	const revision = fieldAt(await ask("range", { key }), ["header", "revision"]);
	await ask("compaction", { revision, physical: true });
};

const openGivenPlane = async (kubeconfig: string): Promise<KubePlane> => {
	const cluster = await openGivenCluster(kubeconfig);
	return { kubeconfig, [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose]() };
};
