import { readFile } from "node:fs/promises";
import { isIPv6 } from "node:net";
import { join } from "node:path";
import type { Timing } from "#/lib/timing.ts";
import { causedBy } from "./caused-by.ts";
import type { KubeConnection } from "./connection.ts";

/** Kubelets write a new token well before the old one ends; this is how late it may be noticed. */
const TOKEN_AGE_MS = 60_000;

/** Where a pod finds its API server and what it is to say there. */
export interface InClusterOpts {
	/** `KUBERNETES_SERVICE_HOST` */
	readonly host: string;
	/** `KUBERNETES_SERVICE_PORT` */
	readonly port: string;
	/** Holds `token`, `ca.crt` and `namespace`. @defaultValue "/var/run/secrets/kubernetes.io/serviceaccount" */
	readonly directory?: string | undefined;
}

/**
 * The connection of a pod by its service account. The token is read again every minute and when it is refused, the
 * certificates for each new TCP connection.
 *
 * @throws KubeError FORBIDDEN when there is no service account
 */
export async function inClusterConnection(
	deps: { readonly timing: Pick<Timing, "monotonic"> },
	{ host, port, directory = "/var/run/secrets/kubernetes.io/serviceaccount" }: InClusterOpts,
): Promise<KubeConnection> {
	let kept: { readonly token: string; readonly readAt: number } | undefined;
	const token = async (fresh: boolean): Promise<string> => {
		const now = deps.timing.monotonic();
		if (kept === undefined || fresh || now - kept.readAt >= TOKEN_AGE_MS) {
			kept = { token: (await readMounted(directory, "token")).trim(), readAt: now };
		}
		return kept.token;
	};
	await token(true);
	const namespace = (await readMounted(directory, "namespace").catch(() => "")).trim();
	return {
		url: `https://${isIPv6(host) ? `[${host}]` : host}:${port}`,
		namespace: namespace === "" ? undefined : namespace,
		headers: async (fresh) => ({ authorization: `Bearer ${await token(fresh)}` }),
		tls: async () => ({ ca: await readMounted(directory, "ca.crt") }),
	};
}

const readMounted = async (directory: string, name: string): Promise<string> => {
	try {
		return await readFile(join(directory, name), "utf8");
	} catch (cause) {
		throw causedBy(cause, "FORBIDDEN", `the service account's ${name} cannot be read`);
	}
};
