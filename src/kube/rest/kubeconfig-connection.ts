import type { RequestOptions } from "node:https";
import { KubeError } from "#/kube/kube-error.ts";
import { causedBy } from "./caused-by.ts";
import type { KubeConnection } from "./connection.ts";

/** Which kubeconfig, and what of it. */
export interface KubeconfigOpts {
	/** The file; what it names relatively lies beside it. */
	readonly path: string;
	/** One of its contexts. @defaultValue the current one */
	readonly context?: string | undefined;
}

/** What a user's credentials come to may be used so long without asking again, milliseconds. */
const CREDENTIALS_AGE_MS = 60_000;

/**
 * The connection that a kubeconfig describes: tokens, certificates, exec plugins and OIDC. The Kubernetes client is
 * loaded for it, which takes seconds and memory; in a cluster it stays away. Its own dispatcher opens a connection for
 * each request, so its credentials are taken over into ours.
 *
 * @throws KubeError INVALID when the file or its context makes no connection, or goes through a proxy
 */
export async function kubeconfigConnection({ path, context }: KubeconfigOpts): Promise<KubeConnection> {
	const { KubeConfig } = await import("@kubernetes/client-node");
	const config = new KubeConfig();
	try {
		config.loadFromFile(path);
	} catch (cause) {
		throw causedBy(cause, "INVALID", `the kubeconfig ${path} cannot be read`);
	}
	if (context !== undefined) config.setCurrentContext(context);
	const cluster = config.getCurrentCluster();
	if (cluster === null) {
		throw new KubeError("INVALID", `the kubeconfig ${path} has no cluster for the context ${config.currentContext}`);
	}
	if (cluster.proxyUrl !== undefined) {
		throw new KubeError("INVALID", `the kubeconfig ${path} goes through the proxy ${cluster.proxyUrl}: expected none`);
	}
	const credentials = keptCredentials(async () => {
		const options: RequestOptions = {};
		await config.applyToHTTPSOptions(options);
		return options;
	});
	return {
		url: cluster.server,
		namespace: config.getContextObject(config.currentContext)?.namespace,
		headers: async (fresh) => headersOf(await credentials(fresh)),
		tls: async () => {
			const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = await credentials(true);
			const values = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
			return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
		},
	};
}

/** Plugins keep what they gave until it ends; files are read each time, which is why this keeps them for a while. */
const keptCredentials = (read: () => Promise<RequestOptions>) => {
	let kept: { readonly options: RequestOptions; readonly readAt: number } | undefined;
	return async (fresh: boolean): Promise<RequestOptions> => {
		const readAt = performance.now();
		if (kept === undefined || fresh || readAt - kept.readAt >= CREDENTIALS_AGE_MS) {
			kept = { options: await read(), readAt };
		}
		return kept.options;
	};
};

const headersOf = ({ headers, auth }: RequestOptions): Readonly<Record<string, string>> => {
	const given = Object.entries(headers ?? {}).map(([name, value]): [string, string] => [
		name.toLowerCase(),
		`${value}`,
	]);
	const basic = typeof auth === "string" ? { authorization: `Basic ${Buffer.from(auth).toString("base64")}` } : {};
	return { ...basic, ...Object.fromEntries(given) };
};
