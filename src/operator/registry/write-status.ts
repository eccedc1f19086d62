import type { RegistryStatus } from "#/api/kinds/registry.ts";
import type { KubeClient } from "#/kube/kube-client.ts";
import type { KubeObject } from "#/kube/kube-object.ts";
import type { ResourceType } from "#/kube/resource-type.ts";
import { conditionsOf } from "#/kube/status/condition.ts";
import { patchStatus } from "#/kube/status/patch-status.ts";
import { summarize } from "#/kube/status/summarize.ts";
import { REQUESTED_AT } from "#/operator/annotations.ts";
import type { RegistryStatusPlan } from "./plan.ts";

/** The condition types that are the Registry controller's. */
const OWNED = ["Ready", "Reconciling", "Stalled", "Available"] as const;

/** Who writes, in `managedFields`. */
export const FIELD_MANAGER = "limani-registry";

/** What {@link writeRegistryStatus} works with. */
export interface StatusWriter {
	readonly client: KubeClient;
	readonly type: ResourceType;
	/** Milliseconds since the epoch. */
	readonly now: () => number;
}

/** The observed fields of a status, beside conditions. */
export type ObservedFields = Pick<
	RegistryStatus,
	"url" | "version" | "replicas" | "readyReplicas" | "selector" | "usage"
>;

/** Writes down what was found; writes nothing when the status says it already. @throws KubeError */
export const writeRegistryStatus = async (
	{ client, type, now }: StatusWriter,
	object: KubeObject,
	{ findings, ready, progress }: RegistryStatusPlan,
	fields: ObservedFields,
	signal: AbortSignal,
): Promise<void> => {
	const at = new Date(now()).toISOString().replace(/\.\d+Z$/, "Z");
	const requestedAt = object.metadata.annotations?.[REQUESTED_AT];
	const status = (current: KubeObject) => ({
		...summarize({
			previous: conditionsOf(current),
			owned: OWNED,
			findings,
			ready,
			...(progress === undefined ? {} : { progress }),
			generation: object.metadata.generation ?? 0,
			observedGeneration: observedGenerationOf(current),
			now: at,
		}),
		...fields,
		...(requestedAt === undefined ? {} : { lastHandledRequestedAt: requestedAt }),
	});
	await patchStatus({ client, type, object, status, fieldManager: FIELD_MANAGER }, signal);
};

const observedGenerationOf = ({ status }: KubeObject): number =>
	typeof status === "object" && status !== null && "observedGeneration" in status
		? Number(status.observedGeneration)
		: -1;
