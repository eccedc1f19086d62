import { z } from "zod";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import { STORAGE_CLASSES } from "#/kube/resource-type.ts";

const claimSchema = z.object({
	spec: z.object({ storageClassName: z.string().optional() }).prefault({}),
	status: z.object({ phase: z.string().optional() }).prefault({}),
});

/**
 * Why a claim has no volume and will not get one by a pod that uses it; absent: it has had one, or waits for its first pod.
 * Where StorageClasses may not be read it is taken to wait for that.
 *
 * @throws KubeError
 */
export const whyUnbound = async (
	client: Pick<KubeClient, "find">,
	claim: KubeObject,
	signal: AbortSignal,
): Promise<string | undefined> => {
	const parsed = claimSchema.safeParse(claim);
	const { phase = "Pending" } = parsed.success ? parsed.data.status : {};
	if (phase !== "Pending") return undefined;
	const name = parsed.success ? parsed.data.spec.storageClassName : undefined;
	if (name === undefined || name === "") {
		return "has no volume: it names no StorageClass, and the cluster has no default one that would make it";
	}
	try {
		const found = await client.find(STORAGE_CLASSES, { name }, signal);
		if (found === undefined) return `has no volume: there is no StorageClass ${name} that would make it`;
		if (found.volumeBindingMode === "WaitForFirstConsumer") return undefined;
		return `has no volume yet: the StorageClass ${name} is to make it`;
	} catch (error) {
		if (error instanceof KubeError && error.code === "FORBIDDEN") return undefined;
		throw error;
	}
};
