import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { SECRETS } from "#/kube/resource-type.ts";
import { fieldAt, listAt, textAt } from "#/kube-embedded/json.ts";
import { PORTS } from "#/operator/registry/cluster/names.ts";

/** Puts the volumes of a Registry's pod below a directory, as a kubelet would at the root of its files. */
export const mountVolumes = async (client: KubeClient, statefulSet: KubeObject, root: string): Promise<void> => {
	const { namespace } = statefulSet.metadata;
	const pod = fieldAt(statefulSet, ["spec", "template", "spec"]);
	const volumes = listAt(pod, "volumes");
	for (const mount of listAt(listAt(pod, "containers")[0], "volumeMounts")) {
		const path = join(root, textAt(mount, "mountPath") ?? "");
		mkdirSync(path, { recursive: true });
		const volume = volumes.find((one) => textAt(one, "name") === textAt(mount, "name"));
		const name = textAt(volume, "secret", "secretName");
		if (name === undefined) continue;
		const secret = await client.find(SECRETS, { namespace, name }, AbortSignal.timeout(60_000));
		for (const [entry, content] of Object.entries(Object(secret?.data))) {
			writeFileSync(join(path, entry), Buffer.from(String(content), "base64"), { mode: 0o440 });
		}
	}
};

/** The settings in a pod's ConfigMap, with its files below `root` and its ports, those of {@link PORTS}, on loopback. */
export const settingsHere = (
	settings: KubeObject | undefined,
	to: { readonly root: string; readonly ports: { readonly [P in keyof typeof PORTS]: number } },
): string =>
	(textAt(settings, "data", "limani.yaml") ?? "")
		.replaceAll(/ (?=\/)/g, ` ${to.root}`)
		.replace(`0.0.0.0:${PORTS.clients}`, `127.0.0.1:${to.ports.clients}`)
		.replace(`0.0.0.0:${PORTS.control}`, `127.0.0.1:${to.ports.control}`)
		.replace(`0.0.0.0:${PORTS.operations}`, `127.0.0.1:${to.ports.operations}`)
		.replace("stopDelay: 5s", "stopDelay: 0s");
