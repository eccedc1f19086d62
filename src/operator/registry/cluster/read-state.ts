import { z } from "zod";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { RegistryProblem } from "#/operator/registry/actuator.ts";

/** What a StatefulSet or a Deployment tells of its pods. */
export interface PodCounts {
	readonly wanted: number;
	readonly present: number;
	readonly ready: number;
	/** A selector of them, as text. */
	readonly selector: string;
	/** The image of those that are made now. */
	readonly image: string | undefined;
	/** What keeps them from being as wanted; absent when all are. */
	readonly problem: RegistryProblem | undefined;
}

const count = z.int().min(0).catch(0);

const workload = z.object({
	metadata: z.object({ generation: count }),
	spec: z.object({
		replicas: z.int().min(0).catch(1),
		selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
		template: z.object({ spec: z.object({ containers: z.array(z.object({ image: z.string().optional() })) }) }),
	}),
	status: z
		.object({
			observedGeneration: count,
			replicas: count,
			readyReplicas: count,
			updatedReplicas: count,
		})
		.partial()
		.prefault({}),
});

/** Reads how the pods of a StatefulSet or a Deployment are; absent when it is not one that we made. */
export const readPodCounts = (object: KubeObject): PodCounts | undefined => {
	const parsed = workload.safeParse(object);
	if (!parsed.success) return undefined;
	const { metadata, spec, status } = parsed.data;
	const { observedGeneration = 0, replicas = 0, readyReplicas = 0, updatedReplicas = 0 } = status;
	const selector = Object.entries(spec.selector.matchLabels)
		.toSorted()
		.map(([label, value]) => `${label}=${value}`)
		.join(",");
	const waiting = (message: string) => ({ reason: "Progressing", message, terminal: false }) as const;
	const counts = {
		wanted: spec.replicas,
		present: replicas,
		ready: Math.min(readyReplicas, replicas),
		selector,
		image: spec.template.spec.containers[0]?.image,
	};
	const has = (problem: RegistryProblem | undefined): PodCounts => ({ ...counts, problem });
	if (spec.replicas === 0) return has(undefined);
	if (observedGeneration < metadata.generation)
		return has(waiting("what its pods are made of was changed a moment ago"));
	if (readyReplicas < spec.replicas) return has(waiting(`${readyReplicas} of ${spec.replicas} pods are ready`));
	if (updatedReplicas < spec.replicas) {
		return has(waiting(`${updatedReplicas} of ${spec.replicas} pods have the present settings`));
	}
	if (replicas > spec.replicas) return has(waiting(`${replicas - spec.replicas} pods are to go`));
	return has(undefined);
};

const mounting = z.object({
	spec: z.object({
		template: z.object({
			spec: z.object({
				volumes: z
					.array(z.object({ persistentVolumeClaim: z.object({ claimName: z.string() }).optional() }))
					.default([]),
			}),
		}),
	}),
});

/** The volume claims that pods of a StatefulSet or a Deployment have, but for those of its own templates. */
export const claimsMountedBy = (object: KubeObject): ReadonlySet<string> => {
	const parsed = mounting.safeParse(object);
	const volumes = parsed.success ? parsed.data.spec.template.spec.volumes : [];
	return new Set(volumes.flatMap(({ persistentVolumeClaim: claim }) => (claim === undefined ? [] : [claim.claimName])));
};

/** The version that an image's tag names: of `host:5000/name:1.2` it is `1.2`; absent when it has none. */
export const versionOfImage = (image: string): string | undefined => {
	const [named = ""] = image.split("@");
	return /:([^:/]+)$/.exec(named)?.[1];
};
