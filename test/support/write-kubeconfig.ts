import { writeFileSync } from "node:fs";
import type { KubeConnection } from "#/kube/rest/connection.ts";

/** Writes a kubeconfig for programs that shall reach an API as a connection does. @param namespace the one without saying */
export const writeKubeconfig = async (connection: KubeConnection, path: string, namespace: string): Promise<void> => {
	const { authorization = "" } = await connection.headers(false);
	const { ca, cert, key } = await connection.tls();
	const user = {
		...(authorization === "" ? {} : { token: authorization.replace(/^Bearer /, "") }),
		...(cert === undefined ? {} : { "client-certificate-data": encoded(cert), "client-key-data": encoded(key) }),
	};
	const cluster = { server: connection.url, "certificate-authority-data": encoded(ca) };
	const name = "test";
	const config = {
		apiVersion: "v1",
		kind: "Config",
		clusters: [{ name, cluster }],
		users: [{ name, user }],
		contexts: [{ name, context: { cluster: name, user: name, namespace } }],
		"current-context": name,
	};
	writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
};

/** PEM as a kubeconfig holds it. */
const encoded = (pem: unknown): string => {
	if (typeof pem !== "string" && !Buffer.isBuffer(pem)) throw new Error("that is no PEM");
	return Buffer.from(pem).toString("base64");
};
