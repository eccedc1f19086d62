import { z } from "zod";
import type { KubeClient } from "#/kube/kube-client.ts";
import { KubeError } from "#/kube/kube-error.ts";
import { PODS } from "#/kube/resource-type.ts";
import type { RegistryRef } from "#/operator/registry/actuator.ts";
import { selectorOf } from "./names.ts";

const ended = z.object({ message: z.string().optional() });

const pod = z.object({
	metadata: z.object({ name: z.string() }),
	status: z.object({
		conditions: z.array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() })).default([]),
		containerStatuses: z
			.array(
				z.object({
					ready: z.boolean().default(false),
					state: z.object({
						waiting: z.object({ reason: z.string().default(""), message: z.string().optional() }).optional(),
						terminated: ended.optional(),
					}),
					lastState: z.object({ terminated: ended.optional() }).prefault({}),
				}),
			)
			.default([]),
	}),
});

/** What is waited for in good order. */
const USUAL: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);
/** Pods that are looked at. */
const LIMIT = 10;
/** The most of a reason that is repeated, UTF-16 units. */
const MAX_MESSAGE = 300;

/** Why pods do not come up, of the first of which it can be told; absent when there is nothing to tell, or nobody may look. */
export const findPodTrouble = async (
	client: Pick<KubeClient, "list">,
	registry: RegistryRef,
	signal: AbortSignal,
): Promise<string | undefined> => {
	const labelSelector = Object.entries(selectorOf(registry))
		.map(([label, value]) => `${label}=${value}`)
		.join(",");
	const selection = { namespace: registry.namespace, labelSelector, limit: LIMIT };
	const { items } = await client.list(PODS, selection, signal).catch((error: unknown) => {
		if (error instanceof KubeError) return { items: [] };
		throw error;
	});
	for (const item of items) {
		const parsed = pod.safeParse(item);
		const trouble = parsed.success ? troubleOf(parsed.data) : undefined;
		if (trouble !== undefined) return `${item.metadata.name}: ${trouble.slice(0, MAX_MESSAGE)}`;
	}
	return undefined;
};

const troubleOf = ({ status }: z.output<typeof pod>): string | undefined => {
	for (const { ready, state, lastState } of status.containerStatuses) {
		const { waiting } = state;
		const words = lastWordsOf((state.terminated ?? lastState.terminated)?.message);
		if (!ready && words !== undefined) return words;
		if (waiting === undefined || USUAL.has(waiting.reason)) continue;
		return [waiting.reason, waiting.message].filter((part) => part !== undefined && part !== "").join(", ");
	}
	return status.conditions.find(({ type, status }) => type === "PodScheduled" && status === "False")?.message;
};

/** What our process said why it ended, where the end of its log is told; absent when it said nothing. */
const lastWordsOf = (log: string | undefined): string | undefined => {
	const said = log?.split("\n").findLast((line) => line.startsWith(LAST_WORDS));
	return said === undefined ? undefined : `it ended: ${said.slice(LAST_WORDS.length)}`;
};

/** What the line begins with. */
const LAST_WORDS = "limani: ";
