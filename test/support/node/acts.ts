// What somebody does at a cluster of nodes, in a word each.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { chartPath } from "../chart/render.ts";
import { outputOf } from "../run-program.ts";
import { podOf, SYSTEM, TENANT } from "./manifests.ts";
import type { NodeName, Nodes } from "./nodes.ts";

/** How long pods may take on a busy machine. */
export const LONG = "--timeout=240s";
/** The same in milliseconds. */
export const LONG_MS = 240_000;
/** Where tenants' resources are. */
export const HERE = ["--namespace", TENANT] as const;

/** What this cluster needs of the chart, whatever image there is. */
export const CLUSTER_VALUES = [`secrets.namespaces={${SYSTEM},${TENANT}}`, "tests.storageClassName=by-hand"].flatMap(
	(value) => ["--set", value],
);
const IMAGE_VALUES = ["image.repository=localhost/limani", "image.tag=limani"].flatMap((value) => ["--set", value]);

const authFileSchema = z.object({ auths: z.record(z.string(), z.object({ auth: z.string() })) });
const podsSchema = z.object({
	items: z.array(
		z.object({
			metadata: z.object({ name: z.string() }),
			spec: z.object({ nodeName: z.string(), containers: z.array(z.object({ image: z.string() })) }),
		}),
	),
});

/** A pod as it was placed. */
export interface PlacedPod {
	readonly name: string;
	readonly node: string;
	/** What its container runs. */
	readonly image: string;
}

/** What the operator wrote for a robot. */
export interface RobotCredential {
	/** A file that clients read. */
	readonly file: string;
	/** Name of the Secret. */
	readonly secret: string;
	/** By the registry's host: what stands behind `Basic`. */
	readonly auths: Readonly<Record<string, { readonly auth: string }>>;
}

/** See the head of this file. All throw an Error that says what failed. */
export type Acts = ReturnType<typeof actsOn>;

/** @param at gives the cluster, once there is one */
export const actsOn = (at: () => Nodes) => {
	const textAt = (path: string, ...of: readonly string[]): Promise<string> =>
		at().kubectl("get", ...of, "-o", `jsonpath={${path}}`);
	const podsOf = async (namespace: string, selector: string): Promise<readonly PlacedPod[]> => {
		const list = ["get", "pods", "--namespace", namespace, "--selector", selector, "-o", "json"];
		const { items } = podsSchema.parse(JSON.parse(await at().kubectl(...list)));
		return items.map(({ metadata, spec }) => ({
			name: metadata.name,
			node: spec.nodeName,
			image: spec.containers[0]?.image ?? "",
		}));
	};
	return {
		textAt,
		podsOf,
		/** Until these are Ready. */
		isReady: (...resources: readonly string[]) =>
			at().kubectl("wait", ...HERE, "--for=condition=Ready", LONG, ...resources),
		/** Changes a tenant's resource by a merge patch. */
		patch: (kind: string, name: string, change: object) =>
			at().kubectl("patch", kind, name, ...HERE, "--type=merge", "--patch", JSON.stringify(change)),
		credentialOf: async (robot: string): Promise<RobotCredential> => {
			const name = await textAt(".status.secretRef.name", ...HERE, "robotaccount", robot);
			const text = Buffer.from(await textAt(".data.\\.dockerconfigjson", ...HERE, "secret", name), "base64").toString();
			const file = join(at().folder, `${robot}.json`);
			writeFileSync(file, text);
			return { file, secret: name, auths: authFileSchema.parse(JSON.parse(text)).auths };
		},
		/** Copies an image at a node, where Services have names. */
		skopeo: async (...args: readonly string[]) =>
			outputOf("skopeo", await at().attempt("node1", "skopeo", "--insecure-policy", "copy", ...args)),
		/** Runs an image in a pod, and gives its last word: a kubelet may clear the log of a pod away at any time. */
		runIn: async (pod: string, image: string, account: string, node: NodeName): Promise<string> => {
			await at().apply(podOf(pod, { image, account, node }));
			await at().kubectl("wait", ...HERE, "--for=jsonpath={.status.phase}=Succeeded", LONG, `pod/${pod}`);
			return await textAt(".status.containerStatuses[0].state.terminated.message", ...HERE, "pod", pod);
		},
		operators: () => podsOf(SYSTEM, "app.kubernetes.io/component=operator"),
		/** Pods of a Registry. */
		replicasOf: (registry: string) => podsOf(TENANT, `app.kubernetes.io/instance=${registry}`),
		/** Until all pods of a Registry are what its Deployment or StatefulSet says now. */
		rolledOut: (workload: `${"deployment" | "statefulset"}/${string}`) =>
			at().kubectl("rollout", "status", ...HERE, workload, LONG),
		/** The release of the chart, with the image that all nodes have. */
		helm: (verb: "install" | "upgrade", ...values: readonly string[]) =>
			at().helm(
				...[verb, "limani", chartPath("limani"), "--namespace", SYSTEM, "--wait", LONG],
				...[...IMAGE_VALUES, ...CLUSTER_VALUES, ...values],
			),
	};
};
