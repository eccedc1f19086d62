import { toCrd } from "#/api/crd/to-crd.ts";
import { ALL_KINDS } from "#/api/kinds/all-kinds.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import { CUSTOM_RESOURCE_DEFINITIONS } from "#/kube/resource-type.ts";

/** Makes the API serve all kinds as this release defines them. @throws KubeError */
export const applyDefinitions = async (client: KubeClient, signal: AbortSignal): Promise<void> => {
	for (const kind of ALL_KINDS) {
		const opts = { fieldManager: "limani", force: true };
		await client.apply(CUSTOM_RESOURCE_DEFINITIONS, toCrd(kind), opts, signal);
	}
};
