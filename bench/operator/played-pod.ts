// The pod of a Registry where no node runs any: its process on this machine, with the files that a kubelet would mount.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { CONFIG_MAPS, STATEFUL_SETS } from "#/kube/resource-type.ts";
import { PORTS } from "#/operator/registry/cluster/names.ts";
import { eventually } from "../../test/support/eventually.ts";
import { freePort } from "../../test/support/free-ports.ts";
import { mountVolumes, settingsHere } from "../../test/support/pod-files.ts";
import { startChild } from "../servers/child.ts";

/** The process that plays a pod. */
export interface PlayedPod extends AsyncDisposable {
	readonly pid: number;
	/** Where clients reach it. */
	readonly url: string;
	/** Ends the process by that signal; the cluster is not told. */
	stop(): Promise<void>;
}

/**
 * Waits for the StatefulSet of a Registry and runs its pod, then tells the cluster that it is ready. Its control port is
 * the real one, at the address of loopback where the operator takes the Services of the cluster to be: see
 * loopback-services.ts.
 */
export const playPod = async (
	client: KubeClient,
	registry: { readonly namespace: string; readonly name: string },
	services: string,
): Promise<PlayedPod> => {
	await using opening = new AsyncDisposableStack();
	const signal = AbortSignal.timeout(120_000);
	const ref = { namespace: registry.namespace, name: `${registry.name}-registry` };
	const statefulSet = await eventually(async () => {
		const found = await client.find(STATEFUL_SETS, ref, signal);
		if (found === undefined) throw new Error(`there is no StatefulSet ${ref.name} yet`);
		return found;
	});
	const root = mkdtempSync(join(tmpdir(), "limani-pod-"));
	opening.defer(() => rmSync(root, { recursive: true, force: true }));
	await mountVolumes(client, statefulSet, root);
	const port = await freePort();
	const settings = await client.find(CONFIG_MAPS, ref, signal);
	const file = join(root, "limani.yaml");
	const ports = { clients: port, control: PORTS.control, operations: await freePort() };
	const here = settingsHere(settings, { root, ports });
	writeFileSync(file, here.replace(`127.0.0.1:${PORTS.control}`, `${services}:${PORTS.control}`));
	const pod = await startChild({
		command: [process.execPath, "src/main.ts", "registry", "--config", file],
		logFile: join(root, "pod.log"),
		probe: `http://127.0.0.1:${port}/v2/`,
	});
	opening.defer(() => pod.stop());
	await tellReady(client, statefulSet, signal);
	const open = opening.move();
	return {
		pid: pod.pid,
		url: `http://127.0.0.1:${port}`,
		stop: () => pod.stop(),
		[Symbol.asyncDispose]: () => open.disposeAsync(),
	};
};

/** As the controller of StatefulSets does once its pods are ready. */
const tellReady = async (client: KubeClient, { metadata }: KubeObject, signal: AbortSignal): Promise<void> => {
	const { generation = 1, namespace, name } = metadata;
	const status = {
		observedGeneration: generation,
		replicas: 1,
		readyReplicas: 1,
		availableReplicas: 1,
		currentReplicas: 1,
		updatedReplicas: 1,
	};
	const patch = { kind: "merge", body: { status } } as const;
	await client.patch(STATEFUL_SETS, { namespace, name }, patch, { subresource: "status" }, signal);
};
