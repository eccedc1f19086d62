import { stringify } from "yaml";

/** The text of a kubeconfig with one cluster, named `limani`. */
export const kubeconfigOf = ({
	url,
	ca,
	token,
}: {
	readonly url: string;
	/** PEM. */
	readonly ca: string;
	readonly token: string;
}): string =>
	stringify({
		apiVersion: "v1",
		kind: "Config",
		clusters: [
			{
				name: "limani",
				cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") },
			},
		],
		users: [{ name: "limani", user: { token } }],
		contexts: [{ name: "limani", context: { cluster: "limani", user: "limani", namespace: "default" } }],
		"current-context": "limani",
	});
